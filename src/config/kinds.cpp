#include "config/kinds.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "base/uuid.hpp"

namespace pulse2::config {

namespace {

bool is_one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::optional<bool> parse_boolean(const std::string& written) {
  const std::string word = base::to_lower(written);
  if (word == "1" || word == "yes" || word == "true" || word == "on") return true;
  if (word == "0" || word == "no" || word == "false" || word == "off") return false;
  return std::nullopt;
}

std::string same(const std::string& value) {
  return value;
}

/// Without needless slashes and `.` components, so that one folder has one spelling; nothing when
/// it is no absolute path. `..` stays: what it means depends on links.
std::optional<std::string> absolute_path(std::string_view written) {
  if (!written.starts_with('/') || !is_one_line(written)) return std::nullopt;
  std::string clean;
  for (const std::string_view part : base::split(written, '/')) {
    if (part.empty() || part == ".") continue;
    clean += '/';
    clean += part;
  }
  return clean.empty() ? std::string("/") : clean;
}

std::vector<std::string> to_words(std::string_view text) {
  const auto words = base::split_words(text);
  return {words.begin(), words.end()};
}

std::string from_words(const std::vector<std::string>& words) {
  return base::join(words, " ");
}

constexpr std::string_view k_units = "KMGT";

/// `64`, `64K`, `64 KiB`, `64kb`; nothing when it is no size or beyond 64 bit.
std::optional<std::uint64_t> parse_size(std::string_view written) {
  const std::size_t digits = std::min(written.find_first_not_of("0123456789"), written.size());
  const auto count = base::parse_integer<std::uint64_t>(written.substr(0, digits));
  if (!count) return std::nullopt;
  std::string unit = base::to_upper(base::trim(written.substr(digits)));
  if (unit.empty() || unit == "B") return count;
  const std::size_t power = k_units.find(unit[0]);
  const std::string_view rest = std::string_view(unit).substr(1);
  if (power == std::string_view::npos || !(rest.empty() || rest == "B" || rest == "IB")) {
    return std::nullopt;
  }
  const unsigned shift = 10 * (static_cast<unsigned>(power) + 1);
  if (*count > std::numeric_limits<std::uint64_t>::max() >> shift) return std::nullopt;
  return *count << shift;
}

/// In the largest unit that divides it.
std::string show_size(std::uint64_t bytes) {
  std::size_t power = 0;
  while (bytes != 0 && bytes % 1024 == 0 && power < k_units.size()) {
    bytes /= 1024;
    ++power;
  }
  std::string shown = std::to_string(bytes);
  return power == 0 ? shown : shown + " " + k_units[power - 1] + "iB";
}

bool is_mount_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("/-._~!$&'()*+,;=:@").find(c) != std::string_view::npos;
}

bool is_mount_point(std::string_view path) {
  if (path.size() < 2 || path[0] != '/') return false;
  if (!std::all_of(path.begin(), path.end(), is_mount_character)) return false;
  const auto parts = base::split(path.substr(1), '/');
  return std::none_of(parts.begin(), parts.end(), [](std::string_view part) {
    return part.empty() || part == "." || part == "..";
  });
}

}  // namespace

Kind<bool> boolean() {
  return {"1, yes, true, on or 0, no, false, off",
          [](bool& value, const std::string& written) {
            const auto parsed = parse_boolean(written);
            value = parsed.value_or(value);
            return parsed.has_value();
          },
          [](bool value) { return std::string(value ? "1" : "0"); }};
}

Kind<std::optional<bool>> optional_boolean() {
  return {boolean().expected,
          [](std::optional<bool>& value, const std::string& written) {
            value = parse_boolean(written);
            return value.has_value();
          },
          [](const std::optional<bool>& value) {
            return std::string(value.value_or(false) ? "1" : "0");
          }};
}

Kind<int> number(int least, int most) {
  std::string expected = "a number from " + std::to_string(least) + " to " + std::to_string(most);
  if (most == std::numeric_limits<int>::max()) {
    expected = "a number, " + std::to_string(least) + " or more";
  }
  return {std::move(expected),
          [least, most](int& value, const std::string& written) {
            const auto parsed = base::parse_integer<int>(written);
            if (!parsed || *parsed < least || *parsed > most) return false;
            value = *parsed;
            return true;
          },
          [](int value) { return std::to_string(value); }};
}

Kind<int> port() {
  return number(1, 65535);
}

Kind<unsigned> octal() {
  return {"an octal number from 0 to 0777",
          [](unsigned& value, const std::string& written) {
            if (written.empty() || written.size() > 5 ||
                written.find_first_not_of("01234567") != std::string::npos) {
              return false;
            }
            unsigned parsed = 0;
            for (const char digit : written)
              parsed = parsed * 8 + static_cast<unsigned>(digit - '0');
            if (parsed > 0777) return false;
            value = parsed;
            return true;
          },
          [](unsigned value) {
            std::string digits = "0000";
            for (std::size_t i = digits.size(); i-- > 0; value /= 8) {
              digits[i] = static_cast<char>('0' + value % 8);
            }
            return digits;
          }};
}

Kind<std::uint64_t> size(std::uint64_t least) {
  return {"a size of at least " + show_size(least) + ", such as 16777216, 16 MiB or 4 GiB",
          [least](std::uint64_t& value, const std::string& written) {
            const auto parsed = parse_size(written);
            if (!parsed || *parsed < least) return false;
            value = *parsed;
            return true;
          },
          show_size};
}

Kind<std::uint64_t> rate() {
  constexpr std::uint64_t k_least = 1024;
  return {"bytes a second of at least 1 KiB, such as 500 KiB or 12 MiB, or 0 for no limit",
          [](std::uint64_t& value, const std::string& written) {
            const auto parsed = parse_size(written);
            if (!parsed || (*parsed != 0 && *parsed < k_least)) return false;
            value = *parsed;
            return true;
          },
          show_size};
}

Kind<std::string> text(std::string expected, bool may_be_empty) {
  return {std::move(expected),
          [may_be_empty](std::string& value, const std::string& written) {
            if ((written.empty() && !may_be_empty) || !is_one_line(written)) return false;
            value = written;
            return true;
          },
          same};
}

Kind<std::string> path(bool may_be_empty) {
  return {may_be_empty ? "an absolute path, or nothing" : "an absolute path",
          [may_be_empty](std::string& value, const std::string& written) {
            if (written.empty() && may_be_empty) {
              value.clear();
              return true;
            }
            const auto parsed = absolute_path(written);
            if (parsed) value = *parsed;
            return parsed.has_value();
          },
          same};
}

Kind<std::string> mount_point() {
  return {"a URL path below /, such as /mirror1",
          [](std::string& value, const std::string& written) {
            std::string_view mount = written;
            if (mount.size() > 1 && mount.ends_with('/')) mount.remove_suffix(1);
            if (!is_mount_point(mount)) return false;
            value = mount;
            return true;
          },
          same};
}

Kind<std::string> secret() {
  return {"a password in one line, or {base64} followed by its base64 form",
          [](std::string& value, const std::string& written) {
            const std::size_t end = written.find('}');
            if (!written.starts_with('{') || end == std::string::npos) {
              if (!is_one_line(written)) return false;
              value = written;
              return true;
            }
            if (!base::iequals(std::string_view(written).substr(0, end + 1), "{base64}")) {
              return false;
            }
            const auto decoded = base::base64_decode(std::string_view(written).substr(end + 1));
            if (decoded) value = *decoded;
            return decoded.has_value();
          },
          same};
}

Kind<std::string> url() {
  return {"a URL that starts with http:// or https://, or nothing",
          [](std::string& value, const std::string& written) {
            const std::size_t host = written.starts_with("https://") ? 8 : 7;
            const bool is_url = (host == 8 || written.starts_with("http://")) &&
                                written.size() > host && written[host] != '/';
            if (!(written.empty() || is_url) || base::split_words(written).size() > 1) return false;
            value = written;
            // Paths that start with a slash are put behind it.
            while (value.ends_with('/'))
              value.pop_back();
            return true;
          },
          same};
}

Kind<std::string> uuid() {
  return {"a UUID such as 2b1c3f2e-6e0e-4f7a-9a54-0c1d2e3f4a5b",
          [](std::string& value, const std::string& written) {
            if (!written.empty() && !base::is_standard_uuid(written)) return false;
            value = written;
            return true;
          },
          same};
}

Kind<std::vector<std::string>> words(std::string expected, bool may_be_empty) {
  return {std::move(expected),
          [may_be_empty](std::vector<std::string>& value, const std::string& written) {
            auto parsed = to_words(written);
            if (parsed.empty() && !may_be_empty) return false;
            value = std::move(parsed);
            return true;
          },
          from_words};
}

Kind<std::vector<std::string>> ssh_options() {
  return {"options of ssh, `Name=value` each, separated by spaces",
          [](std::vector<std::string>& value, const std::string& written) {
            auto parsed = to_words(written);
            for (const auto& word : parsed) {
              const std::size_t equals = word.find('=');
              if (equals == 0 || equals == std::string::npos) return false;
            }
            value = std::move(parsed);
            return true;
          },
          from_words};
}

Kind<std::vector<std::string>> paths() {
  return {"absolute paths, separated by spaces",
          [](std::vector<std::string>& value, const std::string& written) {
            std::vector<std::string> parsed;
            for (const auto& word : to_words(written)) {
              auto folder = absolute_path(word);
              if (!folder) return false;
              parsed.push_back(std::move(*folder));
            }
            value = std::move(parsed);
            return true;
          },
          from_words};
}

Kind<std::vector<base::Network>> networks() {
  return {"addresses or networks such as 10.0.0.0/8 2001:db8::/32, separated by spaces",
          [](std::vector<base::Network>& value, const std::string& written) {
            std::vector<base::Network> parsed;
            for (const std::string_view word : base::split_words(written)) {
              auto network = base::Network::parse(word);
              if (!network) return false;
              parsed.push_back(std::move(*network));
            }
            value = std::move(parsed);
            return true;
          },
          [](const std::vector<base::Network>& value) {
            std::vector<std::string_view> texts;
            texts.reserve(value.size());
            for (const base::Network& network : value)
              texts.push_back(network.text());
            return base::join(texts, " ");
          }};
}

Kind<SmartMethods> smart_methods() {
  return {"`none`, or `last_time_modification`, `check_size`, separated by commas",
          [](SmartMethods& value, const std::string& written) {
            SmartMethods parsed;
            for (const std::string_view part : base::split(written, ',')) {
              const std::string_view method = base::trim(part);
              if (method == "last_time_modification") {
                parsed.last_time_modification = true;
              } else if (method == "check_size") {
                parsed.check_size = true;
              } else if (method == "check_in_loop") {
                parsed.check_in_loop = true;
              } else if (method != "none" && !method.empty()) {
                return false;
              }
            }
            value = parsed;
            return true;
          },
          [](const SmartMethods& value) {
            std::vector<std::string_view> methods;
            if (value.last_time_modification) methods.push_back("last_time_modification");
            if (value.check_size) methods.push_back("check_size");
            return methods.empty() ? std::string("none") : base::join(methods, ",");
          }};
}

Kind<MirrorHold> mirror_hold() {
  return {"`all`, `none` or a number of targets",
          [](MirrorHold& value, const std::string& written) {
            if (written == "all") {
              value = {true, 0};
              return true;
            }
            const auto targets = written == "none" ? 0 : base::parse_integer<int>(written);
            if (!targets || *targets < 0) return false;
            value = {false, *targets};
            return true;
          },
          [](const MirrorHold& value) {
            if (value.all) return std::string("all");
            return value.targets == 0 ? std::string("none") : std::to_string(value.targets);
          }};
}

namespace {

/// Target and value of `target=value`; targets may hold equal signs, values do not.
template <class Value>
Kind<PerTarget<Value>> per_target(Kind<Value> kind, std::string expected) {
  return {std::move(expected),
          [read = kind.read](PerTarget<Value>& value, const std::string& written) {
            PerTarget<Value> parsed;
            for (const std::string_view word : base::split_words(written)) {
              const auto sign = word.rfind('=');
              const bool is_general = sign == std::string_view::npos;
              const std::string text(is_general ? word : word.substr(sign + 1));
              Value each{};
              if (text.empty() || !read(each, text)) return false;
              if (is_general) {
                parsed.general = std::move(each);
              } else {
                parsed.special.emplace_back(word.substr(0, sign), std::move(each));
              }
            }
            value = std::move(parsed);
            return true;
          },
          [show = kind.show](const PerTarget<Value>& value) {
            std::vector<std::string> words;
            if (std::string general = show(value.general); !general.empty() && general != "0") {
              words.push_back(std::move(general));
            }
            for (const auto& [name, each] : value.special)
              words.push_back(name + "=" + show(each));
            return base::join(words, " ");
          }};
}

Kind<base::DayWindows> windows() {
  return {"times",
          [](base::DayWindows& value, const std::string& written) {
            const auto parsed = base::DayWindows::parse(written);
            if (parsed) value = *parsed;
            return parsed.has_value();
          },
          [](const base::DayWindows& value) { return value.text(); }};
}

}  // namespace

Kind<PerTarget<std::uint64_t>> rates_of_targets() {
  // Sizes are shown with a blank before the unit, which would end the word.
  auto word = rate();
  word.show = [show = word.show](const std::uint64_t& value) {
    std::string text = show(value);
    text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
    return text;
  };
  return per_target(std::move(word),
                    "bytes a second such as `500K` for all targets, `target=2M` for one, or both");
}

Kind<PerTarget<base::DayWindows>> windows_of_targets() {
  return per_target(
      windows(),
      "times such as `20:00-06:00,12:00-13:00` for all targets, `target=times` for one, "
      "or both");
}

Kind<FreeSpaceReserve> reserve() {
  return {"a size and a share such as `1 GiB, 2 %`, one of them, or 0",
          [](FreeSpaceReserve& value, const std::string& written) {
            // The figure that is not written never is the smaller one.
            FreeSpaceReserve parsed{std::numeric_limits<std::uint64_t>::max(), 100};
            for (std::string_view part : base::split(written, ',')) {
              part = base::trim(part);
              if (part.ends_with('%')) {
                part.remove_suffix(1);
                const auto percent = base::parse_integer<int>(base::trim(part));
                if (!percent || *percent < 0 || *percent > 99) return false;
                parsed.percent = *percent;
              } else {
                const auto bytes = parse_size(part);
                if (!bytes) return false;
                parsed.bytes = *bytes;
              }
            }
            value = parsed;
            return true;
          },
          [](const FreeSpaceReserve& value) {
            std::vector<std::string> parts;
            if (value.bytes != std::numeric_limits<std::uint64_t>::max()) {
              parts.push_back(show_size(value.bytes));
            }
            if (value.percent != 100) parts.push_back(std::to_string(value.percent) + " %");
            return base::join(parts, ", ");
          }};
}

}  // namespace pulse2::config
