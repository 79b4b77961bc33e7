#pragma once

#include <cstdlib>
#include <ctime>
#include <string>

namespace pulse2::test {

/// The process is in another time zone while the object lives.
class Zone {
 public:
  explicit Zone(const char* name) {
    if (const char* before = getenv("TZ")) m_before = before;
    setenv("TZ", name, 1);
    tzset();
  }
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;
  ~Zone() {
    if (m_before.empty()) {
      unsetenv("TZ");
    } else {
      setenv("TZ", m_before.c_str(), 1);
    }
    tzset();
  }

 private:
  std::string m_before;
};

}  // namespace pulse2::test
