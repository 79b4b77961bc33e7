#pragma once

#include "bootmenu/menu.hpp"
#include "bootmenu/render.hpp"
#include "xmlrpc/value.hpp"

namespace pulse2::test {

inline constexpr const char* k_image = "302c19d2-212b-4b9a-b04e-4fced0b83466";

/// The menu that most of the recorded files came from, as the agent sends it.
inline xmlrpc::Struct sample_menu() {
  using xmlrpc::Struct;
  const Struct start{{"name", "Continue Usual Startup"},
                     {"desc", "Start as usual"},
                     {"value", "root (hd0)\nchainloader +1"},
                     {"hidden", 0},
                     {"hidden_WOL", 0}};
  const Struct identify{{"name", "Register as Pulse 2 Client"},
                        {"desc", "Record this computer in Pulse 2 Server"},
                        {"value", "identify L=##PULSE2_LANG## P=none\nreboot"}};
  const Struct image{{"uuid", k_image},
                     {"name", "Image pc1 \xC3\xA9t\xC3\xA9"},
                     {"desc", "Master (Thu Dec  3 15:20:02 2009)"}};
  const Struct target{{"name", "pc1"},           {"uuid", "UUID17"},
                      {"raw_mode", false},       {"macaddress", "00:11:22:33:44:55"},
                      {"image_parameters", ""},  {"kernel_parameters", "quiet"},
                      {"exclude_parameters", ""}};
  return {{"timeout", 20},
          {"background_uri", "/##PULSE2_BOOTLOADER_DIR##/##PULSE2_BOOTSPLASH_FILE##"},
          {"name", "Menu"},
          {"message", "-- Warning! Your PC is being backed up or restored. Do not reboot !"},
          {"protocol", "nfs"},
          {"mtftp_restore_timeout", 60},
          {"default_item", 2},
          {"default_item_WOL", 0},
          {"bootservices", Struct{{"0", start}, {"1", identify}}},
          {"images", Struct{{"2", image}}},
          {"bootcli", false},
          {"disklesscli", false},
          {"dont_check_disk_size", false},
          {"hidden_menu", false},
          {"ethercard", 0},
          {"update_nt_boot", false},
          {"language", 1},
          {"target", target}};
}

/// The folders of the server that was recorded.
inline bootmenu::Surroundings recorded_surroundings() {
  bootmenu::Surroundings surroundings;
  surroundings.places = {"@VAR@/imaging", "bootloader", "bootsplash.xpm", "diskless",
                         "kernel",        "initrd",     "memtest",        "dban",
                         "masters",       "postinst",   "computers"};
  surroundings.date = "Mon Nov 23 00:41:26 2026";
  return surroundings;
}

}  // namespace pulse2::test
