#include "imaging/service.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

#include "base/text.hpp"
#include "imaging/boot_scripts.hpp"
#include "imaging/server_status.hpp"
#include "log/log.hpp"
#include "os/pool_task.hpp"

namespace pulse2::imaging {

namespace asio = boost::asio;
using base::Expected;

namespace {

ComputerCache::Options cache_options(const ServiceOptions& options) {
  return {options.imaging.uuid_cache_file,
          std::chrono::seconds(options.imaging.uuid_cache_lifetime)};
}

Outbox::Options outbox_options(const config::ImagingApi& settings) {
  return {settings.rpc_replay_file, settings.rpc_count,
          std::chrono::seconds(settings.rpc_loop_timer),
          std::chrono::seconds(settings.rpc_interval)};
}

/// Lines as a splitting shell tool leaves them: an empty one at the end.
std::vector<std::string> without_ends(std::string_view text) {
  std::vector<std::string> lines;
  for (const std::string_view line : base::split(text, '\n'))
    lines.emplace_back(line);
  return lines;
}

}  // namespace

Service::Service(ServiceOptions options, os::ThreadPool& pool, store::State& state,
                 const os::Clock& clock)
    : m_options(std::move(options)),
      m_pool(pool),
      m_state(state),
      m_clock(clock),
      m_cache(m_io.get_executor(), cache_options(m_options), pool, clock),
      m_menu_files(m_options.imaging, clock),
      m_images(m_options.imaging.masters_folder),
      m_unregistrations(m_options.imaging, state),
      m_workshop(m_options.imaging),
      m_building(m_io.get_executor()),
      m_retry(m_io) {}

Service::~Service() {
  stop();
}

Expected<void> Service::load() {
  auto agent = make_agent(m_io.get_executor(), m_options.agent);
  if (!agent) return tl::unexpected(std::move(agent).error());
  m_agent = *std::move(agent);
  const std::string& server = m_options.imaging.uuid;
  m_registry.emplace(server, m_cache, *m_agent);
  m_menus.emplace(m_io.get_executor(), Menus::Parts{server, m_cache, *m_registry, *m_agent,
                                                    m_menu_files, m_pool, m_state});
  m_outbox.emplace(m_io.get_executor(), outbox_options(m_options.imaging), *m_agent, m_pool,
                   m_clock);
  PULSE2_TRY(m_cache.load());
  PULSE2_TRY(m_menus->load());
  PULSE2_TRY(m_outbox->load());
  m_unfinished = m_unregistrations.recover();
  m_workshop.clear_leftovers();
  m_menu_files.clear_leftovers();
  return {};
}

void Service::start() {
  m_work.emplace(m_io.get_executor());
  for (Unregistration& work : std::exchange(m_unfinished, {}))
    spawn(finish_interrupted(std::move(work)));
  spawn(purge_images());
  spawn(fetch_default_menu());
  spawn(m_outbox->run_rounds());
  m_thread = std::thread([this] { m_io.run(); });
}

void Service::stop() {
  if (!m_thread.joinable()) return;
  asio::post(m_io, [this] {
    m_stopping = true;
    m_retry.cancel();
    m_outbox->stop();
    m_agent->cancel();
    for (os::ChildProcess* child : m_children)
      child->stop();
  });
  m_work.reset();
  m_thread.join();
}

void Service::spawn(Awaitable<void> work) {
  asio::co_spawn(m_io, std::move(work), [](const std::exception_ptr& error) {
    if (!error) return;
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& exception) {
      log::error("imaging.failed", "{}", exception.what());
    }
  });
}

Awaitable<void> Service::fetch_default_menu() {
  while (!m_stopping) {
    const bool answered = co_await m_menus->fetch_default();
    if (answered || m_stopping) co_return;
    m_retry.expires_after(std::chrono::seconds(m_options.imaging.rpc_loop_timer));
    co_await m_retry.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

Awaitable<base::Expected<os::ChildResult>> Service::run_child(os::ChildOptions options) {
  auto child = os::ChildProcess::start(m_io.get_executor(), std::move(options));
  if (!child) co_return tl::unexpected(std::move(child).error());
  m_children.insert(child->get());
  if (m_stopping) (*child)->stop();
  auto result = co_await (*child)->wait();
  m_children.erase(child->get());
  co_return result;
}

PxeParameters Service::pxe_parameters() const {
  return m_menus->parameters();
}

Awaitable<std::vector<std::string>> Service::set_menus(xmlrpc::Struct menus) {
  return m_menus->set(std::move(menus));
}

Awaitable<Expected<void>> Service::set_default_menu(xmlrpc::Value menu) {
  return m_menus->set_default(std::move(menu));
}

Awaitable<Expected<void>> Service::write_boot_script(std::string name, std::string text) {
  co_return co_await os::run_on(
      m_pool, [&] { return write_script(m_options.imaging.postinst_folder, name, text); });
}

Awaitable<Expected<void>> Service::remove_boot_script(std::string name) {
  co_return co_await os::run_on(
      m_pool, [&] { return remove_script(m_options.imaging.postinst_folder, name); });
}

Awaitable<xmlrpc::Struct> Service::status() {
  // A program, because a network file system that hangs would hang a thread of ours.
  constexpr std::chrono::seconds k_limit{5};
  os::ChildOptions df;
  df.arguments = {"df", "-k"};
  df.environment = {"LC_ALL=C"};
  df.limit = k_limit;
  const auto printed = co_await run_child(std::move(df));
  auto lines = without_ends(printed ? printed->output : "");
  co_return co_await os::run_on(
      m_pool, [&] { return server_status(m_options.imaging.masters_folder, lines); });
}

}  // namespace pulse2::imaging
