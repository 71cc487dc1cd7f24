# Makes one page of web/report and writes it as a C++ source: cmake -DFOLDER=… -DOUTPUT=… -P report_page.cmake
# The modules become one: their imports and the word export go, in the order of order.txt, so they share one scope.
file(READ "${FOLDER}/report.html" page)
file(READ "${FOLDER}/report.css" style)
set(script "")
file(STRINGS "${FOLDER}/order.txt" modules)
foreach(module ${modules})
  file(READ "${FOLDER}/${module}" text)
  string(REGEX REPLACE "(^|\n)import [^\n]*" "\\1" text "${text}")
  string(REGEX REPLACE "(^|\n)export " "\\1" text "${text}")
  string(APPEND script "${text}")
endforeach()
string(REPLACE "/*STYLE*/" "${style}" page "${page}")
string(REPLACE "/*SCRIPT*/" "${script}" page "${page}")
file(WRITE "${OUTPUT}" "// Made of web/report by cmake/report_page.cmake.
#include \"verify/run/html_report.hpp\"

#pragma GCC diagnostic ignored \"-Woverlength-strings\"

namespace callwright::verify {

std::string_view html_report_template() noexcept {
  static constexpr std::string_view kPage = R\"callwright(${page})callwright\";
  return kPage;
}

}  // namespace callwright::verify
")
