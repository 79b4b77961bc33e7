#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/day_windows.hpp"
#include "base/network.hpp"
#include "config/logging.hpp"

/// The configuration as typed values: one struct per section, the defaults in the structs (contract
/// 02). Members carry the names of the options. Times are seconds and sizes bytes unless said
/// otherwise. Nothing here was compared with the machine: whether a folder exists or a host name
/// resolves is found out when the server starts.
namespace pulse2::config {

inline constexpr std::uint64_t k_kib = 1024;
inline constexpr std::uint64_t k_mib = 1024 * k_kib;
inline constexpr std::uint64_t k_gib = 1024 * k_mib;

/// How machines are given to mirrors: `[main] mm_assign_algo`.
enum class MirrorAlgorithm { standard, multi_site, terminal_type };

/// What a line of the access log looks like: `[log] access_format`.
enum class AccessFormat { combined, json };

/// How users are given to package_api_put mounts: `[main] up_assign_algo`.
enum class UserAlgorithm { standard };

/// The conditions that hold back a package that is still being copied.
struct SmartMethods {
  bool last_time_modification = false;
  bool check_size = false;
  bool check_in_loop = false;  ///< accepted in old files, never did anything
  [[nodiscard]] bool any() const { return last_time_modification || check_size; }
};

/// For how many targets a package that waits to be mirrored is held back.
struct MirrorHold {
  bool all = true;  ///< until every target has it; `targets` does not count then
  int targets = 0;  ///< until this many have it; 0: never held back
};

/// A value for every mirror target, and others for some of them.
template <class Value>
struct PerTarget {
  Value general{};
  std::vector<std::pair<std::string, Value>> special;  ///< by the target as configured

  [[nodiscard]] const Value& value_for(std::string_view target) const {
    for (const auto& [name, value] : special) {
      if (name == target) return value;
    }
    return general;
  }
};

/// Space that uploads must leave free on a file system: the smaller of the two figures.
struct FreeSpaceReserve {
  std::uint64_t bytes = k_gib;
  int percent = 2;  ///< of the file system's size

  /// The bytes to be kept free on a file system of that size: the smaller of the two.
  [[nodiscard]] std::uint64_t of(std::uint64_t total) const noexcept {
    return std::min(bytes, total / 100 * static_cast<std::uint64_t>(percent));
  }
};

struct Main {
  std::string host = "localhost";  ///< empty, 0.0.0.0 and :: mean all addresses
  int port = 9999;
  /// Written, else `host`, else localhost; never empty after loading. `0.0.0.0` or `::` here means
  /// that the machine's host name is to be used.
  std::string public_ip;
  bool use_iocp_reactor = false;                ///< of Windows: no effect elsewhere
  std::optional<bool> package_detect_activate;  ///< set by loading (see detection_active)
  int package_detect_loop = 60;
  SmartMethods package_detect_smart_method;
  int package_detect_smart_time = 60;
  int package_mirror_loop = 5;
  std::vector<std::string> package_mirror_target;
  std::string package_mirror_status_file = "/var/data/mmc/status";
  std::string package_mirror_command = "/usr/bin/rsync";
  std::vector<std::string> package_mirror_command_options = {"-ar", "--delete"};
  std::vector<std::string> package_mirror_level0_command_options = {"-d", "--delete"};
  std::vector<std::string> package_mirror_command_options_ssh_options;  ///< `Name=value` each
  bool package_global_mirror_activate = true;
  int package_global_mirror_loop = 3600;
  std::vector<std::string> package_global_mirror_command_options = {"-ar", "--delete"};
  bool real_package_deletion = true;
  MirrorAlgorithm mm_assign_algo = MirrorAlgorithm::standard;
  UserAlgorithm up_assign_algo = UserAlgorithm::standard;
  std::string tmp_input_dir = "/tmp/packages/default";
  // Options of ours.
  std::string state_dir = "/var/lib/pulse2/package-server";
  int hash_threads = 0;           ///< 0: as many as fit the machine
  int package_vanish_limit = 20;  ///< per cent of a tree that may vanish in one round
  MirrorHold package_mirror_hold;
  int package_mirror_hold_warning = 3600;   ///< a package that is held longer is reported; 0: never
  int package_mirror_processes = 0;         ///< 0: as many as targets, at least four
  int package_mirror_idle_limit = 600;      ///< without progress, then a run is ended; 0: never
  std::string package_mirror_partial_dir;   ///< empty: rsync removes what it did not finish
  int package_mirror_verify_loop = 604800;  ///< between two verifications; 0: only on demand
  PerTarget<std::uint64_t> package_mirror_bandwidth;  ///< bytes a second; 0: no limit
  PerTarget<base::DayWindows> package_mirror_windows;
  FreeSpaceReserve free_space_reserve;
};

/// What clients reach the server by when public_ip is not written.
[[nodiscard]] std::string default_public_ip(const std::string& host);

struct Daemon {
  std::string pidfile = "/var/run/pulse2-package-server.pid";
  std::string user = "root";
  std::string group = "root";
  unsigned umask = 0077;
  bool core_dumps = false;
  int drain_time = 10;  ///< how long running requests may take to finish when the server ends
};

struct Ssl {
  std::string username;  ///< empty: no authentication
  std::string password;  ///< decoded
  bool enablessl = true;
  bool verifypeer = false;
  std::string cacert = "/etc/mmc/pulse2/package-server/keys/cacert.pem";
  std::string localcert = "/etc/mmc/pulse2/package-server/keys/privkey.pem";
  std::string ciphers;  ///< for TLS 1.2, as OpenSSL writes them; empty: the strong ones
};

struct MirrorApi {
  std::string mount_point = "/rpc";
};

struct UserPackageApi {
  std::string mount_point = "/upaa";
};

struct SchedulerApi {
  std::string mount_point = "/scheduler_api";
  std::vector<std::string> schedulers = {"scheduler_01"};
};

struct Mirror {
  std::string name;         ///< the whole section name, `mirror:01`
  std::string mount_point;  ///< starts with a slash and ends without one, here and below
  std::string src;          ///< absolute, without a slash at its end, here and below
  std::string mirror;       ///< URL that replaces this server's own in file URLs; empty: none
};

struct PackageApiGet {
  std::string name;
  std::string mount_point;
  std::string src;
};

struct PackageApiPut {
  std::string name;
  std::string mount_point = "/rpc";
  std::string src;
  std::string tmp_input_dir;  ///< its own, else that of [main]
  /// The folder was written in the file (here or in [main]): complete packages are moved out of it
  /// as long as detection is active.
  bool tmp_input_dir_written = false;
};

struct MmcAgent {
  std::string host = "127.0.0.1";
  int port = 7080;
  std::string username = "mmc";
  std::string password = "s3cr3t";  ///< decoded
  bool enablessl = true;
  bool verifypeer = false;
  std::string cacert = "/etc/mmc/pulse2/package-server/keys/cacert.pem";
  std::string localcert = "/etc/mmc/pulse2/package-server/keys/privkey.pem";
  // Options of ours.
  int connect_timeout = 10;  ///< seconds until a connection stands, TLS included
  int answer_timeout = 60;   ///< seconds until an answer is complete
  int max_connections = 8;   ///< calls at the same time; more wait
};

/// Folders, rpc_replay_file and uuid_cache_file are absolute after loading; the boot loader files
/// are names in bootloader_folder and the diskless ones names in diskless_folder.
struct ImagingApi {
  std::string mount_point = "/imaging_api";
  std::string uuid;
  std::string base_folder = "/var/lib/pulse2/imaging";
  std::string bootloader_folder = "bootloader";
  std::string cdrom_bootloader = "cd_boot";
  bool cdrom_bootloader_written = false;  ///< else `cdrom_boot` may stand in for it
  std::string bootsplash_file = "bootsplash.xpm";
  std::string bootmenus_folder = "bootmenus";
  std::string diskless_folder = "diskless";
  std::string diskless_kernel = "kernel";
  std::string diskless_initrd = "initrd";
  std::string diskless_initrdcd = "initrdcd";
  std::string diskless_memtest = "memtest";
  std::string diskless_dban = "dban";
  std::string inventories_folder = "inventories";
  std::string computers_folder = "computers";
  std::string masters_folder = "masters";
  std::string postinst_folder = "postinst";
  std::string archives_folder = "archives";
  std::string isos_folder = "/var/lib/pulse2/imaging/isos";
  std::string isogen_tool = "/usr/bin/mkisofs";
  std::string rpc_replay_file = "rpc-replay.pck";
  int rpc_loop_timer = 60;
  int rpc_count = 10;
  int rpc_interval = 2;
  std::string uuid_cache_file = "uuid-cache.txt";
  int uuid_cache_lifetime = 300;
  int pxe_port = 1001;
  std::string inventory_host = "127.0.0.1";
  int inventory_port = 9999;
  bool inventory_enablessl = false;
  bool glpi_mode = false;
  int pxe_max_calls = 8192;
  int pxe_max_connections = 1024;
  int pxe_idle_timeout = 600;
  std::uint64_t inventory_queue_size = 64 * k_mib;
};

/// Which mounts ask for the credentials of [ssl].
enum class Authenticate {
  apis,  ///< the APIs that contract 02 names; mirrors and their files stay open
  all,
  none,
};

struct Http {
  int io_threads = 0;  ///< 0: one for each processor
  int max_connections = 10000;
  int max_connections_per_address = 1000;
  std::uint64_t max_request_head = 64 * k_kib;
  std::uint64_t max_request_body = 16 * k_mib;
  std::uint64_t max_upload_body = 4 * k_gib;  ///< on mounts with package_api_put
  int ipv6_client_prefix = 64;                ///< bits of an IPv6 address that stand for one client
  int idle_timeout = 60;
  int head_timeout = 30;
  // Bytes a second; 0: no limit.
  std::uint64_t min_upload_rate = k_kib;
  std::uint64_t max_download_rate = 0;
  std::uint64_t max_download_rate_per_address = 0;
  Authenticate authenticate = Authenticate::apis;
  std::vector<base::Network> write_from;     ///< who may change packages; empty: everyone
  std::vector<std::string> follow_links_to;  ///< absolute folders
};

struct Log {
  std::string access_log;  ///< file; empty: none
  AccessFormat access_format = AccessFormat::combined;
  std::string json_log;  ///< file of one JSON object per record; empty: none
};

struct Tftp {
  bool enabled = false;
  int port = 69;
  int timeout = 1;  ///< when the client asks for none
  int retries = 5;
  int max_block_size = 65464;
  int max_window_size = 64;  ///< blocks
  int max_transfers = 1000;
  int max_transfers_per_address = 64;
  std::uint64_t cache_size = 64 * k_mib;
};

/// An option as it stands in the file, comments and continuation lines resolved.
struct RawOption {
  std::string name;   ///< in lower case
  std::string value;  ///< lines of a continued value are joined by line feeds
  int line = 0;
};

/// A section of Python's logging configuration, without interpolation.
struct RawSection {
  std::string name;
  int line = 0;
  std::vector<RawOption> options;
  /// The value of an option (name in lower case), nothing when it is not there.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view option) const;
};

struct Settings {
  Main main;
  Daemon daemon;
  Ssl ssl;
  std::optional<MirrorApi> mirror_api;  ///< an API runs only when its section is there
  std::optional<UserPackageApi> user_package_api;
  std::optional<SchedulerApi> scheduler_api;
  std::vector<Mirror> mirrors;  ///< in the order of the file, here and below
  std::vector<PackageApiGet> package_api_gets;
  std::vector<PackageApiPut> package_api_puts;
  MmcAgent mmc_agent;
  std::optional<ImagingApi> imaging_api;  ///< there only when its uuid is set
  Http http;
  Log log;
  Tftp tftp;
  std::vector<RawSection> logging;
  std::optional<LoggingPlan> logging_plan;  ///< there only with logging sections

  /// What package_detect_activate says; when it is not written, whether any package_api_put has a
  /// tmp_input_dir of the file.
  [[nodiscard]] bool detection_active() const;
  /// All different src of mirrors and package APIs, in the order mirrors, get, put.
  [[nodiscard]] std::vector<std::string> sources() const;
  /// `http` or `https`.
  [[nodiscard]] std::string_view protocol() const;
  /// `https://public_ip:port`, IPv6 addresses in brackets, no slash at the end.
  [[nodiscard]] std::string base_url() const;
  /// Open files that PXE clients, TFTP transfers and calls to the MMC agent need at most.
  [[nodiscard]] std::uint64_t descriptors_beside_http() const;
};

}  // namespace pulse2::config
