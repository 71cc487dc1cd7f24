#pragma once

#include "media/media_port.hpp"

#include <memory>

namespace callwright::media {

/// What a stream plays for this specification, at the rate `rate`; null for Silence. Opens the file, so it may wait for the disk.
/// Errors: InvalidArgument (a tone that cannot be played), and those of FileSource.
base::Result<std::unique_ptr<audio::Source>> blocking_make_source(const SourceSpec& spec, audio::SampleRate rate);

}  // namespace callwright::media
