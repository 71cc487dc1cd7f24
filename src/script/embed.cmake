# Writes INPUT, a text, as the constant NAME of script/library.hpp into OUTPUT. Raw strings end at a delimiter that no script holds; they are cut into pieces, which the compiler
# puts together. Both compilers take more than the 64 KiB that the standard asks for.
file(READ "${INPUT}" text)
string(LENGTH "${text}" length)
set(source "#include \"script/library.hpp\"\n\n#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n\nnamespace callwright::script {\n\nconst std::string_view ${NAME} =")
set(at 0)
while(at LESS length)
  string(SUBSTRING "${text}" ${at} 16000 piece)
  string(APPEND source "\n    R\"cw_js(${piece})cw_js\"")
  math(EXPR at "${at} + 16000")
endwhile()
string(APPEND source ";\n\n}  // namespace callwright::script\n")
file(WRITE "${OUTPUT}" "${source}")
