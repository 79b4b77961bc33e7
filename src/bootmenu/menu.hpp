#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "base/mac.hpp"
#include "xmlrpc/value.hpp"

/// Boot menus as the MMC agent describes them (contract 06).
namespace pulse2::bootmenu {

/// How a client fetches an image that it restores.
enum class Protocol { nfs, tftp, mtftp };

/// A boot service: what it runs is written as the boot loader takes it.
struct Service {
  std::string commands;
};

/// A script that a computer runs after an image was restored.
struct PostInstallScript {
  std::string name;
  std::string text;
};

/// The restoration of an image.
struct Restoration {
  std::string image;  ///< a UUID (base::is_uuid)
  std::vector<PostInstallScript> scripts;
};

struct Item {
  int position = 0;
  std::string name;
  std::string description;
  std::variant<Service, Restoration> what;
};

/// The computer that a menu is for.
struct Target {
  std::string uuid;  ///< a UUID (base::is_uuid)
  base::Mac mac;
  std::string name;     ///< of the computer, as registered
  std::string exclude;  ///< partitions that are left out; may be empty
  bool raw_mode = false;
};

struct Menu {
  Protocol protocol = Protocol::nfs;
  int default_item = 0;
  int timeout = 0;  ///< seconds; 0: none
  int mtftp_restore_timeout = 0;
  int ethercard = 0;       ///< 0 to 9
  std::string background;  ///< path of the splash image; may be empty
  bool hidden = false;
  bool boot_cli = false;
  bool diskless_cli = false;
  bool ignore_disk_size = false;
  bool update_nt_boot = false;
  std::vector<Item> items;  ///< by rising position, each once
  std::optional<Target> target;
};

/// Whose menu it is: only a computer's must say its target.
enum class Audience { unregistered, computer };

/// Reads the structure that the agent sends. Numbers may come as strings of digits; a flag is set
/// as Python sees it (any string but "" is). Error `invalid_argument` names what is missing or
/// wrong; two items at one position are wrong.
[[nodiscard]] base::Expected<Menu> decode_menu(const xmlrpc::Value& value, Audience audience);

}  // namespace pulse2::bootmenu
