// SPDX-License-Identifier: BSL-1.0
#include <galley/fast/mailbox.hpp>

namespace galley::fast {

template class basic_mailbox<std::atomic>;  // post and its like are virtual: their code is here, once

}  // namespace galley::fast
