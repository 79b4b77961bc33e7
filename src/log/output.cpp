#include "log/output.hpp"

#include <unistd.h>

#include <string>

#include "log/complaint.hpp"
#include "log/file_output.hpp"
#include "log/syslog_output.hpp"
#include "os/file.hpp"

namespace pulse2::log {
namespace {

class StreamOutput final : public Output {
 public:
  explicit StreamOutput(int fd) : m_fd(fd) {}

  void write(std::string_view line, config::LogLevel /*level*/, std::time_t /*time*/) override {
    const auto written = os::write_all(m_fd, std::string(line) + '\n');
    if (written) return m_complaint.settle();
    m_complaint.raise(written.error().for_operator());
  }
  void reopen() override {}

 private:
  int m_fd;
  Complaint m_complaint;
};

struct Maker {
  std::unique_ptr<Output> operator()(const config::StreamTarget& target) const {
    return std::make_unique<StreamOutput>(target.standard_output ? STDOUT_FILENO : STDERR_FILENO);
  }
  std::unique_ptr<Output> operator()(const config::FileTarget& target) const {
    return std::make_unique<FileOutput>(target.path, target.truncate);
  }
  std::unique_ptr<Output> operator()(const config::SizeRotatedTarget& target) const {
    return std::make_unique<SizeRotatedOutput>(target);
  }
  std::unique_ptr<Output> operator()(const config::TimeRotatedTarget& target) const {
    return std::make_unique<TimeRotatedOutput>(target);
  }
  std::unique_ptr<Output> operator()(const config::SyslogTarget& target) const {
    return std::make_unique<SyslogOutput>(target);
  }
};

}  // namespace

std::unique_ptr<Output> make_output(const config::LogTarget& target) {
  return std::visit(Maker{}, target);
}

}  // namespace pulse2::log
