#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/table.hpp"

/// Kinds of values: each function makes the rule of an option from a member of its section's
/// struct, with the default that the struct has.
namespace pulse2::config {

/// How one kind of value is read and shown.
template <class Value>
struct Kind {
  std::string expected;
  std::function<bool(Value&, const std::string&)> read;
  std::function<std::string(const Value&)> show;
};

[[nodiscard]] Kind<bool> boolean();
[[nodiscard]] Kind<std::optional<bool>> optional_boolean();
[[nodiscard]] Kind<int> number(int least, int most);
[[nodiscard]] Kind<int> port();
[[nodiscard]] Kind<unsigned> octal();
/// A number of bytes, with an optional unit K, M, G or T (binary; `KiB`, `MB`… are read alike).
[[nodiscard]] Kind<std::uint64_t> size(std::uint64_t least);
/// Bytes a second as a size(), at least 1 KiB; 0: no limit.
[[nodiscard]] Kind<std::uint64_t> rate();
/// One line; may be empty when `may_be_empty`.
[[nodiscard]] Kind<std::string> text(std::string expected, bool may_be_empty = false);
/// An absolute path; slashes at its end are dropped.
[[nodiscard]] Kind<std::string> path(bool may_be_empty = false);
[[nodiscard]] Kind<std::string> mount_point();
/// Plain, or `{base64}…`.
[[nodiscard]] Kind<std::string> secret();
/// Empty or an http(s) URL.
[[nodiscard]] Kind<std::string> url();
/// Eight, four, four, four and twelve hexadecimal digits, in any case; may be empty.
[[nodiscard]] Kind<std::string> uuid();
[[nodiscard]] Kind<std::vector<std::string>> words(std::string expected, bool may_be_empty = true);
[[nodiscard]] Kind<std::vector<std::string>> ssh_options();
[[nodiscard]] Kind<std::vector<std::string>> paths();
[[nodiscard]] Kind<std::vector<base::Network>> networks();
[[nodiscard]] Kind<SmartMethods> smart_methods();
[[nodiscard]] Kind<MirrorHold> mirror_hold();
/// A value for all targets, and `target=value` for some of them, separated by spaces.
[[nodiscard]] Kind<PerTarget<std::uint64_t>> rates_of_targets();
[[nodiscard]] Kind<PerTarget<base::DayWindows>> windows_of_targets();
[[nodiscard]] Kind<FreeSpaceReserve> reserve();

/// One of some names.
template <class Enum>
[[nodiscard]] Kind<Enum> one_of(std::vector<std::pair<std::string, Enum>> names) {
  std::string expected = names.size() == 1 ? "" : "one of ";
  for (std::size_t i = 0; i < names.size(); ++i) {
    expected += (i == 0 ? "`" : ", `") + names[i].first + "`";
  }
  return {std::move(expected),
          [names](Enum& value, const std::string& written) {
            for (const auto& [name, meant] : names) {
              if (name == written) {
                value = meant;
                return true;
              }
            }
            return false;
          },
          [names](const Enum& value) {
            for (const auto& [name, meant] : names) {
              if (meant == value) return name;
            }
            return std::string();
          }};
}

/// The rule of an option whose value is `member`.
template <class Section, class Value>
[[nodiscard]] OptionRule option(std::string_view name, Value Section::*member, Kind<Value> kind,
                                std::string_view meaning) {
  OptionRule rule;
  rule.name = name;
  rule.meaning = meaning;
  rule.expected = kind.expected;
  rule.default_text = kind.show(Section{}.*member);
  rule.read = [member, read = kind.read](void* section, const std::string& value) {
    return read(static_cast<Section*>(section)->*member, value);
  };
  rule.show = [member, show = kind.show](const void* section) {
    return show(static_cast<const Section*>(section)->*member);
  };
  return rule;
}

}  // namespace pulse2::config
