#pragma once

#include "app/config.hpp"

#include <toml++/toml.h>

#include <cstdint>
#include <functional>
#include <string>

namespace callwright::app {

/// Takes a line of the file and what is wrong in it.
using Complain = std::function<void(std::uint32_t line, const std::string& what)>;

/// A [[conferences]] table.
void read_conference(const toml::table& table, Config& config, const Complain& complain);

}  // namespace callwright::app
