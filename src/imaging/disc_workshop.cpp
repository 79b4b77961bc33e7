#include "imaging/disc_workshop.hpp"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "base/names.hpp"
#include "base/text.hpp"
#include "base/uuid.hpp"
#include "imaging/layout.hpp"
#include "os/file.hpp"
#include "os/tree.hpp"

namespace pulse2::imaging {

using base::ErrorKind;
using base::Expected;

namespace {

/// Kernels with their initial disks are far smaller.
constexpr std::uint64_t k_longest_boot_file = 1U << 30U;
constexpr int k_most_attempts = 10'000;
constexpr const char* k_initrd = "initrd";
constexpr const char* k_menu = "menu.lst";
constexpr const char* k_boot_loader = "grub.cdrom";

std::string volume_path(const DiscMaterial& material, std::size_t volume) {
  return material.folder + "/" + std::to_string(volume + 1) + ".iso";
}

std::uint64_t total_size(const std::vector<Images::File>& files) {
  std::uint64_t size = 0;
  for (const auto& file : files)
    size += file.size;
  return size;
}

Expected<std::uint64_t> size_of(const std::string& path) {
  const auto status = os::status_of(path);
  if (!status) return tl::unexpected(status.error());
  return status->size;
}

Expected<void> write_new(const std::string& path, const std::string& bytes) {
  auto file = os::open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (!file) return tl::unexpected(std::move(file).error());
  return os::write_all(file->get(), bytes);
}

/// The parts one after the other.
Expected<void> join_files(const std::vector<std::string>& parts, const std::string& path) {
  std::string bytes;
  for (const std::string& part : parts) {
    auto read = os::read_file(part, k_longest_boot_file);
    if (!read) return tl::unexpected(std::move(read).error());
    bytes += *read;
  }
  return write_new(path, bytes);
}

}  // namespace

Expected<void> DiscWorkshop::check(const DiscOrder& order) const {
  PULSE2_TRY(base::check_component(order.title, "title"));
  if (order.title.starts_with('.')) {
    return base::fail(ErrorKind::invalid_argument, "the title must not begin with a dot");
  }
  if (order.volume_size == 0) {
    return base::fail(ErrorKind::invalid_argument, "the size of a volume must be above 0");
  }
  const auto report = base::is_uuid(order.image) ? m_images.inspect(order.image)
                                                 : Expected<Images::Report>(Images::Report{});
  if (!report) return tl::unexpected(report.error());
  if (!report->valid) {
    return base::fail(ErrorKind::not_found,
                      "'" + base::printable(order.image) + "' is not a valid image");
  }
  auto made = os::make_path(m_settings.isos_folder, 0777);
  if (!made) return tl::unexpected(std::move(made).error());
  const auto files = m_images.files(order.image);
  const auto folder = os::open_file(m_settings.isos_folder, O_RDONLY | O_DIRECTORY);
  const auto space =
      folder ? os::space_of(folder->get()) : Expected<os::Space>(tl::unexpected(folder.error()));
  if (!files) return tl::unexpected(files.error());
  if (!space) return tl::unexpected(space.error());
  const auto needed = static_cast<double>(total_size(*files));
  if (needed <= static_cast<double>(space->free)) return {};
  return base::fail(ErrorKind::no_space, "the disc needs " + base::human_size(needed) + ", " +
                                             base::human_size(static_cast<double>(space->free)) +
                                             " are free");
}

Expected<DiscMaterial> DiscWorkshop::prepare(const DiscOrder& order) const {
  DiscMaterial material;
  material.folder =
      m_settings.isos_folder + "/" + std::string(os::k_temporary_prefix) + os::unique_name();
  auto made = os::make_path(material.folder, 0700);
  if (!made) return tl::unexpected(std::move(made).error());
  auto filled = fill(order, material);
  if (filled) return material;
  clear(material.folder);
  return tl::unexpected(std::move(filled).error());
}

Expected<void> DiscWorkshop::fill(const DiscOrder& order, DiscMaterial& material) const {
  const std::string diskless = m_settings.diskless_folder + "/";
  PULSE2_TRY(
      join_files({diskless + m_settings.diskless_initrd, diskless + m_settings.diskless_initrdcd},
                 material.folder + "/" + k_initrd));
  // A copy, because generators write the place of the boot files into the loader itself.
  PULSE2_TRY(join_files({disc_boot_loader(m_settings)}, material.folder + "/" + k_boot_loader));
  material.description = m_images.conf_entry(order.image, "desc");
  PULSE2_TRY(
      write_new(material.folder + "/" + k_menu, disc_menu(order.title, material.description)));
  const auto files = m_images.files(order.image);
  if (!files) return tl::unexpected(files.error());
  std::uint64_t boot_size = 0;
  for (const std::string& path :
       {material.folder + "/" + k_initrd, material.folder + "/" + k_boot_loader,
        material.folder + "/" + k_menu, diskless + m_settings.diskless_kernel}) {
    const auto size = size_of(path);
    if (!size) return tl::unexpected(size.error());
    boot_size += *size;
  }
  for (const auto& file : *files) {
    if (is_needed_to_boot(file.name)) boot_size += file.size;
    material.has_partition_tables = material.has_partition_tables || file.name == "PTABS";
  }
  auto volumes = plan_volumes(*files, boot_size, order.volume_size);
  if (!volumes) return tl::unexpected(std::move(volumes).error());
  material.volumes = *std::move(volumes);
  return {};
}

std::vector<std::string> DiscWorkshop::arguments(const DiscOrder& order,
                                                 const DiscMaterial& material,
                                                 std::size_t volume) const {
  std::vector<std::string> list = {"-f", "-v",
                                   "-v", "-R",
                                   "-V", volume_label(order.title),
                                   "-A", "Pulse 2 Imaging Server",
                                   "-o", volume_path(material, volume)};
  std::vector<std::string> grafts;
  const std::string image = m_images.path_of(order.image) + "/";
  if (volume == 0) {
    for (const char* option :
         {"-b", k_boot_loader, "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table"})
      list.emplace_back(option);
    const std::string work = material.folder + "/";
    grafts = {graft_point("boot/grub/menu.lst", work + k_menu),
              graft_point("initrd", work + k_initrd),
              graft_point("grub.cdrom", work + k_boot_loader),
              graft_point("bzImage", m_settings.diskless_folder + "/" + m_settings.diskless_kernel),
              graft_point("conf.txt", image + "conf.txt"),
              graft_point("size.txt", image + "size.txt")};
    if (material.has_partition_tables) grafts.push_back(graft_point("PTABS", image + "PTABS"));
    grafts.push_back(graft_point("CONF", image + "CONF"));
  }
  for (const std::string& name : material.volumes[volume])
    grafts.push_back(graft_point(name, image + name));
  list.emplace_back("-graft-points");
  list.insert(list.end(), grafts.begin(), grafts.end());
  return list;
}

Expected<std::vector<std::string>> DiscWorkshop::publish(const DiscOrder& order,
                                                         const DiscMaterial& material) const {
  for (std::size_t volume = 0; volume < material.volumes.size(); ++volume) {
    auto file = os::open_file(volume_path(material, volume), O_RDONLY);
    if (!file) return tl::unexpected(std::move(file).error());
    PULSE2_TRY(os::sync_file(file->get(), volume_path(material, volume)));
  }
  for (int attempt = 1; attempt < k_most_attempts; ++attempt) {
    std::vector<std::string> names;
    const auto done = publish_as(order, material, attempt, names);
    if (!done) return tl::unexpected(done.error());
    if (!*done) continue;
    PULSE2_TRY(os::sync_folder(m_settings.isos_folder));
    return names;
  }
  return base::fail(ErrorKind::already_exists, "too many discs have this title");
}

/// False when one of the names is taken; then all volumes are where they were. The one that boots
/// comes last: what a crash may leave of a disc is no disc.
Expected<bool> DiscWorkshop::publish_as(const DiscOrder& order, const DiscMaterial& material,
                                        int attempt, std::vector<std::string>& names) const {
  for (std::size_t volume = material.volumes.size(); volume-- > 0;) {
    std::string name = m_settings.isos_folder + "/" + disc_name(order.title, attempt, volume + 1);
    const auto renamed = os::rename_new_at(AT_FDCWD, volume_path(material, volume), AT_FDCWD, name);
    if (renamed) {
      names.insert(names.begin(), std::move(name));
      continue;
    }
    for (std::size_t back = 0; back < names.size(); ++back)
      (void)os::rename_at(AT_FDCWD, names[back], AT_FDCWD,
                          volume_path(material, volume + 1 + back));
    if (renamed.error().kind == ErrorKind::already_exists) return false;
    return tl::unexpected(renamed.error());
  }
  return true;
}

void DiscWorkshop::clear(const std::string& folder) const {
  (void)os::remove_tree_at(AT_FDCWD, folder);
}

void DiscWorkshop::clear_leftovers() const {
  const auto folder = os::open_file(m_settings.isos_folder, O_RDONLY | O_DIRECTORY);
  if (folder) (void)os::remove_leftovers_at(folder->get());
}

}  // namespace pulse2::imaging
