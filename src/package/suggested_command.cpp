#include "package/suggested_command.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "package/ole_summary.hpp"
#include "package/pe_image.hpp"

namespace pulse2::package {
namespace {

/// A program's resources are searched, but no payload of gigabytes.
constexpr std::uint64_t k_searched_bytes = 8U << 20U;
constexpr std::size_t k_chunk_bytes = 1U << 20U;
constexpr std::size_t k_longest_mark = 64;

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

bool holds(std::string_view bytes, std::string_view text) {
  return bytes.find(text) != std::string_view::npos ||
         bytes.find(utf16(text)) != std::string_view::npos;
}

/// Which of the marks stand in the range, as ASCII or UTF-16.
template <std::size_t N>
std::array<bool, N> find_marks(const FileBytes& file, FileRange range,
                               const std::array<std::string_view, N>& marks) {
  std::array<bool, N> found{};
  std::string window;
  const std::uint64_t end = range.offset + std::min(range.size, k_searched_bytes);
  for (std::uint64_t offset = range.offset; offset < end;) {
    const std::string chunk = file.read(
        offset, static_cast<std::size_t>(std::min<std::uint64_t>(k_chunk_bytes, end - offset)));
    if (chunk.empty()) break;
    // A mark may stand across two chunks.
    window.erase(0, window.size() - std::min(window.size(), k_longest_mark));
    window += chunk;
    offset += chunk.size();
    for (std::size_t i = 0; i < N; ++i)
      found[i] = found[i] || holds(window, marks[i]);
  }
  return found;
}

bool is_agent(std::string_view name) {
  return name.starts_with("pulse2-secure-agent-") && name.ends_with(".exe") &&
         name.find("plugin") == std::string_view::npos;
}

std::optional<std::string> program_command(std::string_view name, const FileBytes& file) {
  const FileRange whole{0, file.size};
  // Manifest and version record are resources. Programs that hide theirs are searched from the
  // start.
  const FileRange resources = find_pe_resources(file).value_or(whole);
  const auto [inno, nsis, seven_zip, adobe] = find_marks<4>(
      file, resources,
      {"JR.Inno.Setup", "Nullsoft.NSIS.exehead", "7zS.sfx.exe", "AdobeSelfExtractorApp"});
  const std::string start = "./" + quoted(name);
  if (inno) return start + " /SP /VERYSILENT /NORESTART";
  if (nsis) return start + (is_agent(name) ? " /S /UPDATE" : " /S");
  if (adobe) return start + " /sAll";
  // The self-extractor's settings, which name the product, follow the program.
  if (seven_zip && find_marks<1>(file, whole, {"Mozilla"})[0]) return start + " -ms";
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

}  // namespace pulse2::package
