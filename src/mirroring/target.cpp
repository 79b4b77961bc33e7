#include "mirroring/target.hpp"

#include <string_view>
#include <utility>

namespace pulse2::mirroring {

namespace {

/// `host::module`; the colons of an address in brackets do not count.
bool names_module(std::string_view name) {
  const auto bracket = name.rfind(']');
  return name.find("::", bracket == std::string_view::npos ? 0 : bracket) != std::string_view::npos;
}

Target::Kind kind_of(std::string_view name) {
  if (name.starts_with('/')) return Target::Kind::folder;
  if (name.starts_with("rsync://") || names_module(name)) return Target::Kind::daemon;
  return Target::Kind::remote_shell;
}

}  // namespace

Target::Target(std::string name) : m_name(std::move(name)), m_kind(kind_of(m_name)) {}

std::string Target::place_of(const std::string& folder) const {
  if (m_kind == Kind::remote_shell) return m_name + ":" + folder;
  std::string_view base = m_name;
  while (base.ends_with('/'))
    base.remove_suffix(1);
  return std::string(base) + folder;
}

}  // namespace pulse2::mirroring
