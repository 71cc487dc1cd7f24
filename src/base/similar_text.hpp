#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

/// For errors that say "did you mean".
namespace callwright::base {

/// How many letters have to be changed, added or left out to make one of the other (Levenshtein), without regard to case.
/// Linear in the product of both sizes: keep texts from outside short.
[[nodiscard]] std::size_t edit_distance(std::string_view left, std::string_view right);

/// The element whose text, as `text_of` gives it, is most similar to `word`; `end` when none is within `most` changes or `word` is longer than 64.
template <class Iterator, class TextOf>
[[nodiscard]] Iterator most_similar(Iterator begin, Iterator end, std::string_view word, std::size_t most, TextOf text_of) {
  constexpr std::size_t kMaxSize = 64;
  if (word.size() > kMaxSize) {
    return end;
  }
  const auto distance = [&](const auto& element) { return edit_distance(text_of(element), word); };
  const Iterator nearest = std::min_element(begin, end, [&](const auto& left, const auto& right) { return distance(left) < distance(right); });
  return nearest != end && distance(*nearest) <= most ? nearest : end;
}

}  // namespace callwright::base
