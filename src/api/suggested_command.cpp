#include "api/suggested_command.hpp"

#include <algorithm>
#include <array>

#include "api/ole_template.hpp"
#include "base/text.hpp"

namespace pulse2::api {
namespace {

/// Manifests of programs stand in their resources, which set-up programs keep before the payload.
constexpr std::size_t k_searched_bytes = 8U << 20U;
constexpr std::size_t k_chunk_bytes = 1U << 20U;

/// The name between double quotes of a shell.
std::string quoted(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\' || c == '$' || c == '`') text += '\\';
    text += c;
  }
  return text + '"';
}

std::string utf16(std::string_view ascii) {
  std::string text;
  for (const char c : ascii) {
    text += c;
    text += '\0';
  }
  return text;
}

/// What tells one set-up program from another, looked for in one pass.
struct Marks {
  bool inno = false;
  bool nsis = false;
  bool seven_zip = false;
  bool mozilla = false;
  bool adobe = false;
};

bool holds(std::string_view bytes, std::string_view text) {
  return bytes.find(text) != std::string_view::npos ||
         bytes.find(utf16(text)) != std::string_view::npos;
}

Marks find_marks(const FileBytes& file) {
  constexpr std::size_t k_longest_mark = 64;
  Marks marks;
  std::string window;
  for (std::uint64_t offset = 0; offset < std::min<std::uint64_t>(file.size, k_searched_bytes);) {
    const std::string chunk = file.read(offset, k_chunk_bytes);
    if (chunk.empty()) break;
    // A mark may stand across two chunks.
    window.erase(0, window.size() - std::min(window.size(), k_longest_mark));
    window += chunk;
    offset += chunk.size();
    marks.inno |= holds(window, "JR.Inno.Setup");
    marks.nsis |= holds(window, "Nullsoft.NSIS.exehead");
    marks.seven_zip |= holds(window, "7zS.sfx.exe");
    marks.mozilla |= holds(window, "Mozilla");
    marks.adobe |= holds(window, "AdobeSelfExtractorApp");
  }
  return marks;
}

std::optional<std::string> program_command(std::string_view name, const FileBytes& file) {
  const Marks marks = find_marks(file);
  const std::string start = "./" + quoted(name);
  if (marks.inno) return start + " /SP /VERYSILENT /NORESTART";
  if (marks.nsis) {
    const bool agent = name.starts_with("pulse2-secure-agent-") && name.ends_with(".exe") &&
                       name.find("plugin") == std::string_view::npos;
    return start + (agent ? " /S /UPDATE" : " /S");
  }
  if (marks.seven_zip && marks.mozilla) return start + " -ms";
  if (marks.adobe) return start + " /sAll";
  return std::nullopt;
}

std::optional<std::string> installer_command(std::string_view name, std::string_view suffix,
                                             const OleSummary& summary) {
  const bool patch = summary.kind == OleSummary::Kind::patch ||
                     (summary.kind == OleSummary::Kind::other && suffix == "msp");
  const bool installer = summary.kind == OleSummary::Kind::installer ||
                         (summary.kind == OleSummary::Kind::other && suffix == "msi");
  if (!patch && !installer) return std::nullopt;
  // A 32-bit shell would start the 32-bit msiexec, which can't install for 64 bits.
  const bool wide = summary.template_text.find("x64") != std::string::npos;
  const std::string program = wide ? "$(cygpath -W)/sysnative/msiexec" : "msiexec";
  if (patch)
    return program + " /p " + quoted(name) + " /qb REINSTALLMODE=\"ecmus\" REINSTALL=\"ALL\"";
  return program + " /qn /i " + quoted(name) +
         " ALLUSERS=1 CREATEDESKTOPLINK=0 ISCHECKFORPRODUCTUPDATES=0";
}

std::string suffix_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string() : base::to_lower(name.substr(dot + 1));
}

}  // namespace

std::optional<std::string> suggest_command(std::string_view name, const FileBytes& file) {
  const std::string suffix = suffix_of(name);
  if (suffix == "reg") return "regedit /s " + quoted(name);
  if (suffix == "bat") return "cmd.exe /c " + quoted(name);
  if (suffix == "sh") return "./" + quoted(name);
  if (file.read(0, 2) == "MZ") return program_command(name, file);
  if (const auto summary = read_ole_summary(file)) {
    return installer_command(name, suffix, *summary);
  }
  return std::nullopt;
}

}  // namespace pulse2::api
