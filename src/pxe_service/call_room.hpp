#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>

namespace pulse2::pxe_service {

/// How many calls may be under way at the same time, and of how many bytes: in all, and half as
/// many from one client. Not for several threads.
class CallRoom {
 public:
  struct Limits {
    std::size_t calls = 0;
    std::size_t bytes = 0;
  };

  explicit CallRoom(Limits limits) : m_limits(limits) {}
  CallRoom(const CallRoom&) = delete;
  CallRoom& operator=(const CallRoom&) = delete;

  /// Held while a call is under way; false when there was no room for it.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept
        : m_room(std::exchange(other.m_room, nullptr)),
          m_client(std::move(other.m_client)),
          m_bytes(other.m_bytes) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (m_room != nullptr) m_room->leave(m_client, m_bytes);
    }
    explicit operator bool() const noexcept { return m_room != nullptr; }

   private:
    friend class CallRoom;
    Place(CallRoom* room, std::string client, std::size_t bytes)
        : m_room(room), m_client(std::move(client)), m_bytes(bytes) {}

    CallRoom* m_room = nullptr;
    std::string m_client;
    std::size_t m_bytes = 0;
  };

  /// The room outlives the place.
  [[nodiscard]] Place enter(const std::string& client, std::size_t bytes);

  /// Under way now.
  [[nodiscard]] std::size_t calls() const noexcept { return m_all.calls; }

 private:
  static bool fits(const Limits& used, std::size_t bytes, const Limits& limits);
  void leave(const std::string& client, std::size_t bytes);

  Limits m_limits;
  Limits m_all;  ///< in use
  std::unordered_map<std::string, Limits> m_clients;
};

}  // namespace pulse2::pxe_service
