#include "package/record.hpp"

#include "xmlrpc/encode.hpp"

namespace pulse2::package {
namespace {

xmlrpc::Value command_value(const Command& command) {
  return xmlrpc::Struct{{"name", command.name}, {"command", command.command}};
}

/// As written in the file; int 0 when it was absent, as clients know it.
xmlrpc::Value written_or_zero(const std::optional<std::string>& text) {
  return text ? xmlrpc::Value(*text) : xmlrpc::Value(0);
}

xmlrpc::Array file_values(const std::vector<FileEntry>& files) {
  xmlrpc::Array values;
  values.reserve(files.size());
  for (const FileEntry& file : files) {
    values.emplace_back(xmlrpc::Struct{{"name", file.name}, {"path", file.path}, {"id", file.id}});
  }
  return values;
}

xmlrpc::Array sub_package_values(const std::vector<SubPackage>& entries) {
  xmlrpc::Array values;
  values.reserve(entries.size());
  for (const SubPackage& entry : entries) {
    values.emplace_back(xmlrpc::Struct{{"pid", entry.pid}, {"condition", entry.condition}});
  }
  return values;
}

}  // namespace

xmlrpc::Struct to_record(const Package& package, const std::vector<FileEntry>& files,
                         std::uint64_t size, std::string_view basepath) {
  xmlrpc::Struct record;
  record.append("id", package.id);
  record.append("label", package.label);
  record.append("version", package.version);
  record.append("size", size);
  record.append("description", package.description);
  record.append("licenses", package.licenses);
  for (const QueryField& field : k_queries)
    record.append(field.name, package.*field.member);
  for (const CommandField& field : k_commands) {
    record.append(field.name, command_value(package.*field.member));
  }
  record.append("reboot", written_or_zero(package.reboot));
  record.append("associateinventory", written_or_zero(package.associateinventory));
  record.append("files", file_values(files));
  record.append("basepath", basepath);
  if (!package.sub_packages.empty()) {
    record.append("sub_packages", sub_package_values(package.sub_packages));
  }
  if (!package.entity_id.empty()) record.append("entity_id", package.entity_id);
  return record;
}

std::string render_record(const Package& package, const std::vector<FileEntry>& files,
                          std::uint64_t size, std::string_view basepath) {
  constexpr std::size_t k_texts = 3072;
  constexpr std::size_t k_file = 384;
  std::string rendered;
  rendered.reserve(k_texts + files.size() * k_file);
  xmlrpc::encode_value(rendered, to_record(package, files, size, basepath));
  return rendered;
}

}  // namespace pulse2::package
