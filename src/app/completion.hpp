#pragma once

#include <string>
#include <vector>

/// What completes the command line in a shell, made from the command line and the methods of the Call API as they are. Pure.
namespace callwright::app {

struct CompletionCommand {
  struct Option {
    std::string name;  ///< With its dashes.
    bool takes_value = false;
  };

  std::string name;
  std::vector<Option> options;
  std::vector<CompletionCommand> commands;
};

/// A script to be sourced; `root` is the program.
[[nodiscard]] std::string bash_completion(const CompletionCommand& root);
[[nodiscard]] std::string zsh_completion(const CompletionCommand& root);

}  // namespace callwright::app
