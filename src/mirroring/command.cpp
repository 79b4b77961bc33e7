#include "mirroring/command.hpp"

#include <algorithm>
#include <string_view>

namespace pulse2::mirroring {

namespace {

constexpr std::uint64_t k_kib = 1024;

/// A name as a pattern that means just itself.
std::string literal_pattern(std::string_view name) {
  // A backslash quotes only in patterns that hold a wildcard.
  if (name.find_first_of("*?[") == std::string_view::npos) return std::string(name);
  std::string pattern;
  for (const char c : name) {
    if (c == '*' || c == '?' || c == '[' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern;
}

std::string last_of(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
}

std::string folder_above(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

class Builder {
 public:
  Builder(const CommandOptions& options, const std::vector<std::string>& main)
      : m_options(options) {
    m_arguments.push_back(options.program);
    m_arguments.insert(m_arguments.end(), main.begin(), main.end());
  }

  /// `root`: where patterns of excluded folders begin, as rsync sees the transfer.
  Builder& add(const Extras& extras, const std::string& root) {
    if (extras.make_path) m_arguments.emplace_back("--mkpath");
    if (extras.checksum) m_arguments.emplace_back("--checksum");
    if (!m_options.partial_dir.empty()) {
      m_arguments.push_back("--partial-dir=" + m_options.partial_dir);
    }
    if (extras.bandwidth > 0) {
      // In KiB a second; 0 would be no limit.
      const auto rate = std::max<std::uint64_t>(extras.bandwidth / k_kib, 1);
      m_arguments.push_back("--bwlimit=" + std::to_string(rate));
    }
    for (const auto& folder : extras.left_alone)
      m_arguments.push_back("--exclude=" + root + literal_pattern(folder));
    return *this;
  }

  Builder& add(std::initializer_list<const char*> arguments) {
    m_arguments.insert(m_arguments.end(), arguments.begin(), arguments.end());
    return *this;
  }

  Arguments build(const Target& target, std::string from, std::string to) {
    // Together with a URL, --rsh would mean a daemon that is started through a shell.
    if (!m_options.ssh.empty() && target.kind() == Target::Kind::remote_shell) {
      std::string shell = "/usr/bin/ssh";
      for (const auto& option : m_options.ssh)
        shell += " -o " + option;
      m_arguments.emplace_back("--rsh");
      m_arguments.push_back(std::move(shell));
    }
    m_arguments.push_back(std::move(from));
    m_arguments.push_back(std::move(to));
    return std::move(m_arguments);
  }

 private:
  const CommandOptions& m_options;
  Arguments m_arguments;
};

}  // namespace

std::string parent_of(const std::string& src, const std::string& folder) {
  return folder_above(src + "/" + folder);
}

Arguments copy_package(const CommandOptions& options, const Target& target, const std::string& src,
                       const std::string& folder, const Extras& extras) {
  const std::string path = src + "/" + folder;
  return Builder(options, options.package)
      .add(extras, "/" + last_of(path) + "/")
      .build(target, path, target.place_of(folder_above(path)));
}

Arguments verify_package(const CommandOptions& options, const Target& target,
                         const std::string& src, const std::string& folder, const Extras& extras) {
  const std::string path = src + "/" + folder;
  return Builder(options, options.package)
      .add(extras, "/" + last_of(path) + "/")
      .add({"-n", "-c", "-i"})
      .build(target, path, target.place_of(folder_above(path)));
}

Arguments copy_level0(const CommandOptions& options, const Target& target,
                      const std::string& parent, const Extras& extras) {
  return Builder(options, options.level0)
      .add(extras, "/")
      .build(target, parent + "/", target.place_of(parent));
}

Arguments copy_tree(const CommandOptions& options, const Target& target, const std::string& src,
                    const Extras& extras) {
  // `/..` can't be reached while the tree is missing there: then its parent is named.
  const std::string to = extras.make_path ? folder_above(src) : src + "/..";
  return Builder(options, options.tree)
      .add(extras, "/" + last_of(src) + "/")
      .build(target, src, target.place_of(to));
}

}  // namespace pulse2::mirroring
