# Writes INPUT, a text, as the constant NAME of script/library.hpp into OUTPUT. Raw strings end at a delimiter that no script holds; they are cut into pieces, which the compiler
# puts together, since it takes no longer ones than 64 KiB in every version.
file(READ "${INPUT}" text)
string(LENGTH "${text}" length)
set(source "#include \"script/library.hpp\"\n\nnamespace callwright::script {\n\nconst std::string_view ${NAME} =")
set(at 0)
while(at LESS length)
  string(SUBSTRING "${text}" ${at} 16000 piece)
  string(APPEND source "\n    R\"cw_js(${piece})cw_js\"")
  math(EXPR at "${at} + 16000")
endwhile()
string(APPEND source ";\n\n}  // namespace callwright::script\n")
file(WRITE "${OUTPUT}" "${source}")
