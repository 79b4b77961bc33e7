#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "imaging/operations.hpp"

namespace pulse2::imaging {

/// What the agent and administrators ask for beside Operations (contract 06). The same rules hold.
class Administration : public Operations {
 public:
  /// The record of a computer as getComputerByMac answers it: from the cache, or the agent's own
  /// struct unchanged.
  [[nodiscard]] virtual Awaitable<base::Expected<xmlrpc::Value>> computer_record(
      Address address) = 0;

  /// What the agent sends of a computer that it registered: `data` holds uuid and menu. False when
  /// it is not whole or no menu could be set.
  [[nodiscard]] virtual Awaitable<bool> register_from_agent(std::string name, std::string address,
                                                            xmlrpc::Struct data) = 0;
  /// Asks the agent for a computer's menu. False when it does not answer.
  [[nodiscard]] virtual Awaitable<bool> update_computer(std::string address) = 0;
  /// Makes the folder of a computer.
  [[nodiscard]] virtual Awaitable<base::Expected<void>> prepare_folder(std::string uuid) = 0;
  /// Begins in the background. Error `not_found` when the computer is unknown or has no folder.
  [[nodiscard]] virtual Awaitable<base::Expected<void>> unregister_computer(
      std::string uuid, std::vector<std::string> images, bool archive) = 0;

  /// Writes the menus of {uuid: menu}; those that were written.
  [[nodiscard]] virtual Awaitable<std::vector<std::string>> set_menus(xmlrpc::Struct menus) = 0;
  /// Writes the menu of unregistered computers.
  [[nodiscard]] virtual Awaitable<base::Expected<void>> set_default_menu(xmlrpc::Value menu) = 0;

  [[nodiscard]] virtual Awaitable<base::Expected<std::vector<std::string>>> image_log(
      std::string image) = 0;
  [[nodiscard]] virtual Awaitable<base::Expected<void>> delete_image(std::string image) = 0;
  /// Begins to build a disc of an image in volumes of at most that many bytes.
  [[nodiscard]] virtual Awaitable<base::Expected<void>> create_iso(std::string image,
                                                                   std::uint64_t volume_size,
                                                                   std::string title) = 0;

  /// Writes or removes `postinst/scripts/<name>`.
  [[nodiscard]] virtual Awaitable<base::Expected<void>> write_boot_script(std::string name,
                                                                          std::string text) = 0;
  [[nodiscard]] virtual Awaitable<base::Expected<void>> remove_boot_script(std::string name) = 0;

  /// What imagingServerStatus answers.
  [[nodiscard]] virtual Awaitable<xmlrpc::Struct> status() = 0;
};

}  // namespace pulse2::imaging
