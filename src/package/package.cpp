#include "package/package.hpp"

#include "package/xml_text.hpp"

namespace pulse2::package {
namespace {

base::Expected<void> check_text(std::string_view text, std::string_view member) {
  if (is_xml_text(text)) return {};
  return base::fail(base::ErrorKind::invalid_argument,
                    std::string(member) + " holds a control character or is not UTF-8");
}

}  // namespace

base::Expected<void> check_texts(const Package& package) {
  if (package.id.empty()) return base::fail(base::ErrorKind::invalid_argument, "id is empty");
  PULSE2_TRY(check_text(package.id, "id"));
  PULSE2_TRY(check_text(package.label, "label"));
  PULSE2_TRY(check_text(package.version, "version"));
  PULSE2_TRY(check_text(package.description, "description"));
  PULSE2_TRY(check_text(package.licenses, "licenses"));
  PULSE2_TRY(check_text(package.reboot.value_or(""), "reboot"));
  PULSE2_TRY(check_text(package.associateinventory.value_or(""), "associateinventory"));
  PULSE2_TRY(check_text(package.entity_id, "entity_id"));
  for (const QueryField& field : k_queries) {
    PULSE2_TRY(check_text(package.*field.member, field.name));
  }
  for (const CommandField& field : k_commands) {
    PULSE2_TRY(check_text((package.*field.member).name, field.name));
    PULSE2_TRY(check_text((package.*field.member).command, field.name));
  }
  for (const SubPackage& entry : package.sub_packages) {
    PULSE2_TRY(check_text(entry.pid, "sub_packages"));
    PULSE2_TRY(check_text(entry.condition, "sub_packages"));
  }
  return {};
}

}  // namespace pulse2::package
