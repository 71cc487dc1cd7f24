#include "app/completion.hpp"

#include "server/call_api/openrpc.hpp"
#include "server/scopes.hpp"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

namespace callwright::app {
namespace {

using server::call_api::method_infos;
using server::call_api::MethodInfo;
using server::call_api::ParameterInfo;
using server::call_api::ParameterType;

/// Words with blanks between them.
class Words {
 public:
  void add(std::string_view word) { text_.append(text_.empty() ? "" : " ").append(word); }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

/// One function of the shell that gives words for its argument.
class Table {
 public:
  explicit Table(std::string_view name) : text_("_callwright_" + std::string(name) + "() {\n  case $1 in\n") {}
  void add(std::string_view key, const std::string& words) {
    if (!words.empty()) {
      text_.append("    '").append(key).append("') echo '").append(words).append("' ;;\n");
    }
  }
  [[nodiscard]] std::string text() const { return text_ + "  esac\n}\n\n"; }

 private:
  std::string text_;
};

/// Calls `visit` for each command, the program itself first, with the words that lead to it: "token create".
void for_each_command(const CompletionCommand& command, const std::string& path,
                      const std::function<void(const std::string&, const CompletionCommand&)>& visit) {
  visit(path, command);
  for (const CompletionCommand& sub : command.commands) {
    for_each_command(sub, path.empty() ? sub.name : path + " " + sub.name, visit);
  }
}

/// What stands before its value on the command line: texts are `name=`, everything else is JSON.
std::string word_of(const ParameterInfo& parameter) {
  switch (parameter.type) {
    case ParameterType::Count:
    case ParameterType::Flag:
    case ParameterType::Headers:
    case ParameterType::Forwarding:
    case ParameterType::FindMe:
    case ParameterType::Screening: return std::string(parameter.name) + ":=";
    default: return std::string(parameter.name) + "=";
  }
}

/// Those that there are, with blanks between them; "" where there are too many.
std::string values_of(const ParameterInfo& parameter) {
  std::string values = parameter.type == ParameterType::Flag ? "true false" : "";
  for (const std::string_view word : parameter.words) {
    values.append(values.empty() ? "" : " ").append(word);
  }
  return values;
}

/// The same tables serve both shells: what follows a command, its options, those with values, methods, their parameters and the values of these.
std::string tables_of(const CompletionCommand& root) {
  Table commands("commands");
  Table options("options");
  Table valued("valued");
  for_each_command(root, {}, [&](const std::string& path, const CompletionCommand& command) {
    Words subs;
    Words all;
    Words with_value;
    for (const CompletionCommand& sub : command.commands) {
      subs.add(sub.name);
    }
    for (const CompletionCommand::Option& option : command.options) {
      all.add(option.name);
      if (option.takes_value) {
        with_value.add(option.name);
      }
    }
    commands.add(path, subs.text());
    options.add(path, all.text());
    valued.add(path, with_value.text());
  });
  Words methods;
  Table parameters("parameters");
  Table values("values");
  for (const MethodInfo& method : method_infos()) {
    methods.add(method.name);
    Words words;
    for (const ParameterInfo& parameter : method.parameters) {
      const std::string word = word_of(parameter);
      words.add(word);
      Words choices;
      const std::string known = values_of(parameter);
      for (std::string_view rest = known; !rest.empty();) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        choices.add(word + std::string(rest.substr(0, end)));
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
      values.add(std::string(method.name) + " " + word, choices.text());
    }
    words.add("cmd_id=");
    parameters.add(method.name, words.text());
  }
  Table fixed("fixed");
  fixed.add("methods", methods.text());
  Words scopes;
  for (const server::Scope scope : {server::Scope::CallRead, server::Scope::CallControl, server::Scope::Admin}) {
    scopes.add(to_string(scope));
  }
  fixed.add("token create --scope", scopes.text());
  return commands.text() + options.text() + valued.text() + parameters.text() + values.text() + fixed.text();
}

/// Looks at the words before the cursor, and prints what may stand at it; "files" where a file may, "scenarios" where the name of one. In what bash and zsh
/// have in common.
constexpr std::string_view kChoose = R"(# The program, then the words behind "callwright test": names of scenarios, one a line. Without a path those below here.
_callwright_scenarios() {
  local program=$1 option='' word
  local -a paths
  paths=()
  shift
  for word in "$@"; do
    if [ -n "$option" ]; then
      option=''
    elif [ "${word#-}" != "$word" ]; then
      case " $(_callwright_valued test) " in *" $word "*) option=$word ;; esac
    else
      paths+=("${word/#\~/$HOME}")
    fi
  done
  if [ ${#paths[@]} -eq 0 ]; then
    paths=(.)
  fi
  timeout 10 "$program" test --list "${paths[@]}" 2>/dev/null | sed -n 's/^  \(.*\) (line [0-9]*).*$/\1/p' | sort -u
}

# The word at the cursor, then those before it.
_callwright_choose() {
  local cur=$1 where='' method='' option='' word
  shift
  for word in "$@"; do
    if [ -n "$option" ]; then
      option=''
    elif [ "${word#-}" != "$word" ]; then
      case " $(_callwright_valued "$where") " in *" $word "*) option=$word ;; esac
    else
      case " $(_callwright_commands "$where") " in
        *" $word "*) where="${where:+$where }$word" ;;
        *) if [ "$where" = call ] && [ -z "$method" ]; then method=$word; fi ;;
      esac
    fi
  done
  if [ "$where $option" = 'test --scenario' ]; then
    echo scenarios
  elif [ -n "$option" ]; then
    word=$(_callwright_fixed "$where $option")
    echo "${word:-files}"
  elif [ "${cur#-}" != "$cur" ]; then
    _callwright_options "$where"
  elif [ "$where" != call ]; then
    word=$(_callwright_commands "$where")
    echo "${word:-files}"
  elif [ -z "$method" ]; then
    _callwright_fixed methods
  elif [ "${cur#*=}" != "$cur" ]; then
    _callwright_values "$method ${cur%%=*}="
  else
    _callwright_parameters "$method"
  fi
}

)";

constexpr std::string_view kBash = R"(# What was typed of the name, with its quotes; then the program and the words behind "callwright test".
_callwright_name_scenario() {
  local typed=$1 prefix=${1//\\/} quote='' name broken
  shift
  if [[ $typed == [\"\']* ]]; then
    quote=${typed:0:1}
    prefix=${typed:1}
  fi
  while IFS= read -r name; do
    if [[ $name == "$prefix"* ]]; then
      if [[ -z $quote ]]; then
        name=$(printf '%q' "$name")
      elif [[ $quote == \" ]]; then
        name=$(sed 's/[\\$`"]/\\&/g' <<<"$name")
      fi
      COMPREPLY+=("$name")
    fi
  done < <(_callwright_scenarios "$@")
  if [[ -z $quote ]]; then
    broken=${typed%"${typed##*[=:]}"}
    COMPREPLY=("${COMPREPLY[@]#"$broken"}")
  fi
}

_callwright() {
  local line=${COMP_LINE:0:COMP_POINT} cur='' found broken
  local -a words
  local named=$'^[[:space:]]*([^[:space:]]+)[[:space:]]+test[[:space:]](.*[[:space:]])?--scenario[[:space:]]+("[^"]*|\'[^\']*|([^[:space:]"\'\\\\]|\\\\.)*)$'
  COMPREPLY=()
  if [[ $line =~ $named ]]; then
    read -ra words <<<"${BASH_REMATCH[2]}"
    _callwright_name_scenario "${BASH_REMATCH[3]}" "${BASH_REMATCH[1]}" "${words[@]}"
    return
  fi
  read -ra words <<<"$line"
  if [[ $line != *[[:space:]] ]]; then
    cur=${words[-1]}
    unset 'words[-1]'
  fi
  found=$(_callwright_choose "$cur" "${words[@]:1}")
  if [[ $found == scenarios ]]; then
    return  # Within quotes of another kind.
  fi
  if [[ $found == files ]]; then
    compopt -o default 2>/dev/null
    return
  fi
  mapfile -t COMPREPLY < <(compgen -W "$found" -- "$cur")
  if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
    compopt -o nospace 2>/dev/null
  fi
  # Bash takes what is behind = and : for a word of its own, and replaces that alone.
  broken=${cur%"${cur##*[=:]}"}
  COMPREPLY=("${COMPREPLY[@]#"$broken"}")
}
complete -F _callwright callwright
)";

constexpr std::string_view kZsh = R"(_callwright() {
  local found
  local -a all
  found=$(_callwright_choose "$PREFIX" "${(@)words[2,CURRENT-1]}")
  if [[ $found == files ]]; then
    _files
    return
  fi
  if [[ $found == scenarios ]]; then
    all=("${(@f)$(_callwright_scenarios "$words[1]" "${(@Q)words[3,CURRENT-2]}")}")
    compadd -- "${(@)all:#}"
    return
  fi
  all=(${=found})
  compadd -S '' -- ${(M)all:#*=}
  compadd -- ${all:#*=}
}
if [[ $funcstack[1] == _callwright ]]; then
  _callwright "$@"
else
  compdef _callwright callwright
fi
)";

}  // namespace

std::string bash_completion(const CompletionCommand& root) {
  return "# Completes callwright in bash. Made by: callwright completion bash\n\n" + tables_of(root) + std::string(kChoose) + std::string(kBash);
}

std::string zsh_completion(const CompletionCommand& root) {
  return "#compdef callwright\n# Completes callwright in zsh. Made by: callwright completion zsh\n\n" + tables_of(root) + std::string(kChoose) +
         std::string(kZsh);
}

}  // namespace callwright::app
