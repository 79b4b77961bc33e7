#include "bootmenu/menu.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/text.hpp"
#include "base/uuid.hpp"

namespace pulse2::bootmenu {

using base::ErrorKind;
using base::Expected;
using xmlrpc::Struct;
using xmlrpc::Value;

namespace {

/// More fits no screen.
constexpr std::size_t k_most_items = 1000;
constexpr int k_largest_number = 1'000'000;
constexpr int k_last_ethercard = 9;

tl::unexpected<base::Error> refuse(std::string what) {
  return base::fail(ErrorKind::invalid_argument, std::move(what));
}

/// Reads members and remembers the first that is missing or wrong, so that reading a structure is
/// one line for each member.
class Reader {
 public:
  Reader(const Struct& members, std::string where)
      : m_members(members), m_where(std::move(where)) {}

  /// A mandatory member; nil when it is missing.
  const Value& at(const char* name) {
    static const Value k_nil;
    const Value* value = m_members.find(name);
    if (value != nullptr) return *value;
    complain(name, "is missing");
    return k_nil;
  }
  bool flag(const char* name) { return at(name).truthy(); }
  bool optional_flag(const char* name) const {
    const Value* value = m_members.find(name);
    return value != nullptr && value->truthy();
  }
  std::string optional_text(const char* name) {
    const Value* value = m_members.find(name);
    return value == nullptr ? std::string() : to_text(*value, name);
  }
  std::string text(const char* name) { return to_text(at(name), name); }
  int number(const char* name, int most = k_largest_number);
  const Struct& structure(const char* name) {
    static const Struct k_empty;
    const Value& value = at(name);
    if (const Struct* members = value.as_struct()) return *members;
    complain(name, "is no struct");
    return k_empty;
  }

  void complain(const char* name, const char* what) {
    if (m_problem.empty()) m_problem = m_where + name + " " + what;
  }
  [[nodiscard]] Expected<void> result() const {
    if (m_problem.empty()) return {};
    return refuse(m_problem);
  }

 private:
  std::string to_text(const Value& value, const char* name) {
    if (const auto text = value.as_string()) return std::string(*text);
    if (const auto number = value.as_int()) return std::to_string(*number);
    if (!value.is_nil()) complain(name, "is no text");
    return {};
  }

  const Struct& m_members;
  std::string m_where;
  std::string m_problem;
};

/// An int, a double without fraction or a string of digits.
std::optional<std::int64_t> to_number(const Value& value) {
  if (const auto number = value.as_int()) return number;
  if (const auto text = value.as_string()) {
    return base::parse_integer<std::int64_t>(base::trim(*text));
  }
  const auto number = value.as_double();
  if (!number || std::trunc(*number) != *number || std::abs(*number) > k_largest_number) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*number);
}

int Reader::number(const char* name, int most) {
  const Value& value = at(name);
  const auto number = to_number(value);
  if (number && *number >= 0 && *number <= most) return static_cast<int>(*number);
  complain(name, "is out of range or no number");
  return 0;
}

Expected<Protocol> to_protocol(const std::string& name) {
  if (name == "nfs") return Protocol::nfs;
  if (name == "tftp") return Protocol::tftp;
  if (name == "mtftp") return Protocol::mtftp;
  return refuse("protocol is '" + base::printable(name) + "': expected nfs, tftp or mtftp");
}

Expected<std::vector<PostInstallScript>> read_scripts(const Struct& image,
                                                      const std::string& where) {
  std::vector<PostInstallScript> scripts;
  const Value* value = image.find("post_install_script");
  if (value == nullptr || !value->truthy()) return scripts;
  const auto* list = value->as_array();
  if (list == nullptr) return refuse(where + "post_install_script is no list");
  for (const Value& each : *list) {
    const Struct* members = each.as_struct();
    if (members == nullptr) return refuse(where + "post_install_script holds no struct");
    Reader reader(*members, where + "post_install_script ");
    scripts.push_back({reader.text("name"), reader.text("value")});
    PULSE2_TRY(reader.result());
  }
  return scripts;
}

Expected<Restoration> read_restoration(Reader& reader, const Struct& members,
                                       const std::string& where) {
  Restoration restoration;
  restoration.image = reader.text("uuid");
  PULSE2_TRY(reader.result());
  if (!base::is_uuid(restoration.image)) {
    return refuse(where + "uuid '" + base::printable(restoration.image) + "' is no UUID");
  }
  auto scripts = read_scripts(members, where);
  if (!scripts) return tl::unexpected(std::move(scripts).error());
  restoration.scripts = *std::move(scripts);
  return restoration;
}

/// One of `bootservices` or `images`.
Expected<Item> read_item(const xmlrpc::Member& entry, const char* list, bool is_image) {
  const std::string where = std::string(list) + " " + base::printable(entry.name, 20) + ": ";
  const auto position = base::parse_integer<int>(base::trim(entry.name));
  if (!position || *position < 0) return refuse(where + "the position is no number");
  const Struct* members = entry.value.as_struct();
  if (members == nullptr) return refuse(where + "is no struct");
  Reader reader(*members, where);
  Item item{*position, reader.text("name"), reader.optional_text("desc"), Service{}};
  if (is_image) {
    auto restoration = read_restoration(reader, *members, where);
    if (!restoration) return tl::unexpected(std::move(restoration).error());
    item.what = *std::move(restoration);
  } else {
    item.what = Service{reader.text("value")};
  }
  PULSE2_TRY(reader.result());
  return item;
}

Expected<void> read_items(Menu& menu, const Struct& entries, const char* list, bool is_image) {
  if (entries.size() > k_most_items) return refuse(std::string(list) + ": too many entries");
  for (const auto& entry : entries) {
    auto item = read_item(entry, list, is_image);
    if (!item) return tl::unexpected(std::move(item).error());
    menu.items.push_back(*std::move(item));
  }
  return {};
}

Expected<void> order_items(Menu& menu) {
  const auto before = [](const Item& a, const Item& b) { return a.position < b.position; };
  std::stable_sort(menu.items.begin(), menu.items.end(), before);
  const auto same = [](const Item& a, const Item& b) { return a.position == b.position; };
  const auto twice = std::adjacent_find(menu.items.begin(), menu.items.end(), same);
  if (twice == menu.items.end()) return {};
  return refuse("two items stand at position " + std::to_string(twice->position));
}

Expected<Target> read_target(const Struct& members) {
  Reader reader(members, "target ");
  Target target;
  target.uuid = reader.text("uuid");
  const std::string address = reader.text("macaddress");
  target.name = reader.text("name");
  target.exclude = reader.optional_text("exclude_parameters");
  target.raw_mode = reader.optional_flag("raw_mode");
  PULSE2_TRY(reader.result());
  if (!base::is_uuid(target.uuid)) {
    return refuse("target uuid '" + base::printable(target.uuid) + "' is no UUID");
  }
  const auto mac = base::Mac::parse(address);
  if (!mac) return refuse("target macaddress '" + base::printable(address) + "' is no MAC address");
  target.mac = *mac;
  return target;
}

}  // namespace

Expected<Menu> decode_menu(const Value& value, Audience audience) {
  const Struct* members = value.as_struct();
  if (members == nullptr) return refuse("the menu is no struct");
  Reader reader(*members, "");
  Menu menu;
  // Nothing shows these two, but menus without them are not whole.
  reader.at("message");
  reader.at("default_item_WOL");
  const std::string protocol = reader.text("protocol");
  menu.default_item = reader.number("default_item");
  menu.timeout = reader.number("timeout");
  menu.mtftp_restore_timeout = reader.number("mtftp_restore_timeout");
  menu.ethercard = reader.number("ethercard", k_last_ethercard);
  menu.background = reader.text("background_uri");
  menu.hidden = reader.flag("hidden_menu");
  menu.boot_cli = reader.flag("bootcli");
  menu.diskless_cli = reader.flag("disklesscli");
  menu.ignore_disk_size = reader.flag("dont_check_disk_size");
  menu.update_nt_boot = reader.optional_flag("update_nt_boot");
  const Struct& services = reader.structure("bootservices");
  const Struct& images = reader.structure("images");
  PULSE2_TRY(reader.result());
  const auto known = to_protocol(protocol);
  if (!known) return tl::unexpected(known.error());
  menu.protocol = *known;
  PULSE2_TRY(read_items(menu, services, "bootservices", false));
  PULSE2_TRY(read_items(menu, images, "images", true));
  PULSE2_TRY(order_items(menu));
  if (audience == Audience::unregistered) return menu;
  auto target = read_target(reader.structure("target"));
  PULSE2_TRY(reader.result());
  if (!target) return tl::unexpected(std::move(target).error());
  menu.target = *std::move(target);
  return menu;
}

}  // namespace pulse2::bootmenu
