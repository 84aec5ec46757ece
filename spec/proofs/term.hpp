// SPDX-License-Identifier: BSL-1.0
// 64-bit words as terms of z3: code that is a template over its integer type can be instantiated with them, and then
// speaks of all values at once.
#pragma once

#include <z3++.h>

#include <cstdint>

namespace galley::proofs {

/// The one context of all terms. z3 frees it at exit.
[[nodiscard]] inline z3::context& context() {
    static z3::context one;
    return one;
}

/// An unsigned 64-bit word. Operators are those of std::uint64_t, comparisons give propositions.
class term {
public:
    explicit term(std::uint64_t value) : expression_{context().bv_val(value, 64)} {}
    explicit term(const z3::expr& e) : expression_{e} {}
    /// Any value.
    [[nodiscard]] static term variable(const char* name) { return term{context().bv_const(name, 64)}; }

    [[nodiscard]] const z3::expr& expression() const { return expression_; }

    friend term operator^(const term& a, const term& b) { return term{a.expression_ ^ b.expression_}; }
    friend term operator|(const term& a, const term& b) { return term{a.expression_ | b.expression_}; }
    friend term operator&(const term& a, const term& b) { return term{a.expression_ & b.expression_}; }
    friend term operator~(const term& a) { return term{~a.expression_}; }
    friend term operator+(const term& a, const term& b) { return term{a.expression_ + b.expression_}; }
    friend term operator-(const term& a, const term& b) { return term{a.expression_ - b.expression_}; }
    friend term operator-(const term& a, int b) { return term{a.expression_ - b}; }
    friend term operator*(const term& a, const term& b) { return term{a.expression_ * b.expression_}; }
    friend term operator/(const term& a, const term& b) { return term{z3::udiv(a.expression_, b.expression_)}; }
    friend term operator<<(const term& a, const term& b) { return term{z3::shl(a.expression_, b.expression_)}; }
    friend term operator>>(const term& a, const term& b) { return term{z3::lshr(a.expression_, b.expression_)}; }

    friend z3::expr operator==(const term& a, const term& b) { return a.expression_ == b.expression_; }
    friend z3::expr operator<(const term& a, const term& b) { return z3::ult(a.expression_, b.expression_); }
    friend z3::expr operator<=(const term& a, const term& b) { return z3::ule(a.expression_, b.expression_); }

    /// As std::bit_width.
    friend term bit_width(const term& a) {
        z3::expr width = context().bv_val(0, 64);
        for (unsigned bit = 0; bit < 64; ++bit) {
            width = z3::ite(a.expression_.extract(bit, bit) == context().bv_val(1, 1), context().bv_val(bit + 1, 64),
                            width);
        }
        return term{width};
    }

private:
    z3::expr expression_;
};

}  // namespace galley::proofs
