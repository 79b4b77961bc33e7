#include "app/tftp_part.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace pulse2::app {
namespace {

/// The name under which clients see a folder.
std::string export_name(std::string_view folder, std::string_view base_folder) {
  const bool is_below = folder.size() > base_folder.size() + 1 && folder.starts_with(base_folder) &&
                        folder[base_folder.size()] == '/';
  return std::string(folder.substr(is_below ? base_folder.size() + 1 : folder.rfind('/') + 1));
}

}  // namespace

tftp::Rules tftp_rules(const config::Settings& settings) {
  tftp::Rules rules;
  const config::Tftp& tftp = settings.tftp;
  rules.limits.timeout = static_cast<unsigned>(tftp.timeout);
  rules.limits.block_size = static_cast<unsigned>(tftp.max_block_size);
  rules.limits.window_size = static_cast<unsigned>(tftp.max_window_size);
  rules.retries = static_cast<unsigned>(tftp.retries);
  rules.max_transfers = static_cast<std::size_t>(tftp.max_transfers);
  rules.max_transfers_per_address = static_cast<std::size_t>(tftp.max_transfers_per_address);
  if (!settings.imaging_api) return rules;
  const config::ImagingApi& imaging = *settings.imaging_api;
  for (const std::string& folder : {imaging.bootloader_folder, imaging.bootmenus_folder,
                                    imaging.diskless_folder, imaging.masters_folder}) {
    rules.exports.push_back({export_name(folder, imaging.base_folder), folder});
  }
  return rules;
}

std::unique_ptr<tftp::Server> make_tftp_server(const config::Settings& settings) {
  if (!settings.tftp.enabled || !settings.imaging_api) return nullptr;
  tftp::ServerOptions options;
  options.host = settings.main.host;
  options.port = static_cast<std::uint16_t>(settings.tftp.port);
  options.cache_size = settings.tftp.cache_size;
  options.rules = tftp_rules(settings);
  return std::make_unique<tftp::Server>(std::move(options));
}

}  // namespace pulse2::app
