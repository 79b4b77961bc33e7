#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"

/// A package's description, its two file formats, MD5SUMS and file ids. Pure: bytes in, bytes out.
namespace pulse2::package {

/// One of a package's five commands; both texts may be empty.
struct Command {
  std::string name;
  std::string command;
  bool operator==(const Command&) const = default;
};

/// A package this one is made of.
struct SubPackage {
  std::string pid;
  std::string condition;
  bool operator==(const SubPackage&) const = default;
};

/// What a description file holds beyond what we know, kept so that an edit does not lose it.
/// Parents are paths below the root, "" for the root itself, e.g. "commands/command".
struct Extras {
  struct Element {
    std::string parent;
    std::string xml;  ///< the element with all its content, as XML without references to entities
    bool operator==(const Element&) const = default;
  };
  struct Attribute {
    std::string parent;
    std::string name;
    std::string value;
    bool operator==(const Attribute&) const = default;
  };
  struct Member {
    std::string parent;
    std::string name;
    std::string json;  ///< the value as JSON text
    bool operator==(const Member&) const = default;
  };

  std::vector<Element> elements;      ///< from conf.xml, in its order
  std::vector<Attribute> attributes;  ///< from conf.xml
  std::vector<Member> members;        ///< from conf.json
  bool operator==(const Extras&) const = default;
};

/// A package as conf.xml or conf.json describes it (contract 04). All texts are UTF-8 without
/// control characters other than tab and line breaks.
///
/// An edit takes `extras` over from the package it replaces. Where both files exist, each is read
/// for its own extras: the writers use only those of their format.
struct Package {
  std::string id;     ///< not empty; whether it may name a folder is base::check_component's matter
  std::string label;  ///< the element `name`
  std::string version = "0";
  std::string description;
  std::string licenses;
  std::string q_vendor;
  std::string q_software;
  std::string q_version;
  std::string boolcnd;
  std::optional<std::string> reboot;              ///< as written; nothing when absent
  std::optional<std::string> associateinventory;  ///< as written; nothing when absent
  Command install_init;
  Command pre_command;
  Command command;
  Command post_command_success;
  Command post_command_failure;
  std::vector<SubPackage> sub_packages;
  std::string entity_id;
  Extras extras;
  bool operator==(const Package&) const = default;
};

/// A command's name in both formats and in the APIs, with the member that holds it.
struct CommandField {
  const char* name;
  Command Package::*member;
};

/// The five commands, in the order conf.xml has them.
inline constexpr CommandField k_commands[] = {
    {"preCommand", &Package::pre_command},
    {"installInit", &Package::install_init},
    {"command", &Package::command},
    {"postCommandSuccess", &Package::post_command_success},
    {"postCommandFailure", &Package::post_command_failure},
};

/// A query text's name in both formats and in the APIs, with the member that holds it.
struct QueryField {
  const char* name;
  std::string Package::*member;
};

/// The four texts of `query`, in the order conf.xml has them.
inline constexpr QueryField k_queries[] = {
    {"Qvendor", &Package::q_vendor},
    {"Qsoftware", &Package::q_software},
    {"Qversion", &Package::q_version},
    {"boolcnd", &Package::boolcnd},
};

/// What the writers need: an id, and texts that a description file can hold. Error:
/// `invalid_argument`, naming the member.
[[nodiscard]] base::Expected<void> check_texts(const Package& package);

}  // namespace pulse2::package
