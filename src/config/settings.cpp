#include "config/settings.hpp"

#include <algorithm>

namespace pulse2::config {

std::string default_public_ip(const std::string& host) {
  return host.empty() ? "localhost" : host;
}

std::optional<std::string_view> RawSection::find(std::string_view option) const {
  const auto found = std::find_if(options.begin(), options.end(),
                                  [&](const RawOption& entry) { return entry.name == option; });
  if (found == options.end()) return std::nullopt;
  return found->value;
}

bool Settings::detection_active() const {
  const bool has_input =
      std::any_of(package_api_puts.begin(), package_api_puts.end(),
                  [](const PackageApiPut& put) { return put.tmp_input_dir_written; });
  return main.package_detect_activate.value_or(has_input);
}

std::vector<std::string> Settings::sources() const {
  std::vector<std::string> all;
  const auto add = [&all](const auto& sections) {
    for (const auto& section : sections) {
      if (std::find(all.begin(), all.end(), section.src) == all.end()) all.push_back(section.src);
    }
  };
  add(mirrors);
  add(package_api_gets);
  add(package_api_puts);
  return all;
}

std::string_view Settings::protocol() const {
  return ssl.enablessl ? "https" : "http";
}

std::string Settings::base_url() const {
  const bool is_ipv6 = main.public_ip.find(':') != std::string::npos && main.public_ip[0] != '[';
  const std::string host = is_ipv6 ? "[" + main.public_ip + "]" : main.public_ip;
  return std::string(protocol()) + "://" + host + ":" + std::to_string(main.port);
}

std::uint64_t Settings::descriptors_beside_http() const {
  constexpr std::uint64_t k_socket_and_file = 2;
  std::uint64_t most = 0;
  if (imaging_api) {
    most += static_cast<std::uint64_t>(imaging_api->pxe_max_connections) +
            static_cast<std::uint64_t>(mmc_agent.max_connections);
  }
  if (tftp.enabled) most += k_socket_and_file * static_cast<std::uint64_t>(tftp.max_transfers);
  return most;
}

}  // namespace pulse2::config
