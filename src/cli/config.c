/* config: every setting of machi. What is no row here can't be set. */
#include "cli_int.h"

const SettingRow cli_setting_rows[] = {
    {"data", SETTING_PATH, "data", 1, 4000, "The folder in which the city's data lies.", "DIR"},
    {"listen", SETTING_TEXT, "127.0.0.1:8080", 3, 255,
     "Address and port of the server; port 0 takes any that is free.", "HOST:PORT"},
};
const size_t cli_setting_count = sizeof cli_setting_rows / sizeof *cli_setting_rows;
