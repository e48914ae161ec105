# Compares the list in StepwireNames.cmake with what cargo wrote: "-lgcc_s -lutil ...", some of it twice.
# Compilers link gcc_s and c by themselves.
file(READ "${file}" written)
string(REGEX MATCHALL "-l[^ \n]+" written "${written}")
list(TRANSFORM written REPLACE "^-l" "")
list(REMOVE_DUPLICATES written)
list(REMOVE_ITEM written gcc_s c)
list(SORT written)
list(SORT listed)
if(NOT written STREQUAL listed)
  message(FATAL_ERROR "cargo says a static link needs [${written}], StepwireNames.cmake says [${listed}]")
endif()
