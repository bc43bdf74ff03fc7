/* Numbers as text, in no locale: what is printed has as few digits as read back to the same double, what is read is correctly
 * rounded. Both rest on exact whole-number arithmetic, which is slower than clever tables and plain to prove. */
#include <float.h>
#include <math.h>
#include <string.h>
#include "number.h"

/* ---- whole numbers of up to 4096 bits; the largest that occurs is 10^1131 shifted by 64 bits, see read_exactly ---- */

enum { WORDS = 128, WORD_BITS = 32 };

typedef struct big {
    int32_t count; /* words in use; the highest is not 0 */
    uint32_t words[WORDS];
} big;

static void big_set(big *a, uint64_t value)
{
    a->words[0] = (uint32_t)value, a->words[1] = (uint32_t)(value >> WORD_BITS);
    a->count = a->words[1] ? 2 : a->words[0] != 0;
}

/* a = a * factor + plus */
static void big_multiply(big *a, uint32_t factor, uint32_t plus)
{
    uint64_t carry = plus;
    for (int32_t i = 0; i < a->count; i++) {
        carry += (uint64_t)a->words[i] * factor;
        a->words[i] = (uint32_t)carry;
        carry >>= WORD_BITS;
    }
    if (carry) a->words[a->count++] = (uint32_t)carry;
}

static void big_scale(big *a, int32_t tens)
{
    for (; tens >= 9; tens -= 9) big_multiply(a, 1000000000, 0);
    for (; tens > 0; tens--) big_multiply(a, 10, 0);
}

static void big_shift(big *a, int32_t bits)
{
    int32_t words = bits / WORD_BITS;
    big_multiply(a, 1U << bits % WORD_BITS, 0);
    if (!words || !a->count) return;
    memmove(a->words + words, a->words, (size_t)a->count * sizeof *a->words);
    memset(a->words, 0, (size_t)words * sizeof *a->words);
    a->count += words;
}

static int32_t big_bits(const big *a)
{
    int32_t bits = WORD_BITS * a->count;
    if (a->count)
        for (uint32_t top = a->words[a->count - 1]; !(top & 0x80000000U); top <<= 1) bits--;
    return bits;
}

static int big_compare(const big *a, const big *b)
{
    if (a->count != b->count) return a->count < b->count ? -1 : 1;
    for (int32_t i = a->count - 1; i >= 0; i--)
        if (a->words[i] != b->words[i]) return a->words[i] < b->words[i] ? -1 : 1;
    return 0;
}

static void big_trim(big *a)
{
    while (a->count && !a->words[a->count - 1]) a->count--;
}

/* a = a - b, where b <= a */
static void big_subtract(big *a, const big *b)
{
    int64_t borrow = 0;
    for (int32_t i = 0; i < a->count; i++) {
        borrow += (int64_t)a->words[i] - (i < b->count ? b->words[i] : 0);
        a->words[i] = (uint32_t)borrow;
        borrow >>= WORD_BITS;
    }
    big_trim(a);
}

/* How a + b compares with c. */
static int big_compare_sum(const big *a, const big *b, const big *c)
{
    big sum;
    uint64_t carry = 0;
    for (sum.count = 0; sum.count < a->count || sum.count < b->count || carry; sum.count++) {
        int32_t i = sum.count;
        carry += (uint64_t)(i < a->count ? a->words[i] : 0) + (i < b->count ? b->words[i] : 0);
        sum.words[i] = (uint32_t)carry;
        carry >>= WORD_BITS;
    }
    return big_compare(&sum, c);
}

/* ---- reading ---- */

enum { DIGITS = 800, HIGHEST = 310, LOWEST = -330, LARGEST_EXPONENT = 1000000 };

typedef struct decimal { /* 0.d1d2d3... x 10^point */
    bool negative;
    int32_t count, point;
    unsigned char digits[DIGITS + 1];
} decimal;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* No double needs more than 767 digits to be told from its neighbours: of those that follow, only whether one is not 0 counts. */
static void add_digit(decimal *out, int digit)
{
    if (out->count < DIGITS)
        out->digits[out->count++] = (unsigned char)digit;
    else if (digit && out->count == DIGITS)
        out->digits[out->count++] = 1;
}

static size_t scan_exponent(const char *text, size_t length, int32_t *exponent)
{
    size_t at = 1;
    if (length < 2 || (text[0] != 'e' && text[0] != 'E')) return 0;
    bool negative = text[at] == '-';
    if (negative || text[at] == '+') at++;
    if (at >= length || !is_digit(text[at])) return 0;
    int32_t size = 0;
    for (; at < length && is_digit(text[at]); at++)
        if (size < LARGEST_EXPONENT) size = 10 * size + (text[at] - '0');
    *exponent = negative ? -size : size;
    return at;
}

static size_t scan(const char *text, size_t length, decimal *out)
{
    size_t at = 0;
    bool any = false, fraction = false;
    out->negative = false, out->count = out->point = 0;
    if (length && (text[0] == '-' || text[0] == '+')) out->negative = text[at++] == '-';
    for (; at < length && (is_digit(text[at]) || (text[at] == '.' && !fraction)); at++) {
        if (text[at] == '.') {
            fraction = true;
            continue;
        }
        any = true;
        if (out->count || text[at] != '0') {
            add_digit(out, text[at] - '0');
            out->point += !fraction;
        } else if (fraction) {
            out->point--;
        }
    }
    if (!any) return 0;
    int32_t exponent = 0;
    at += scan_exponent(text + at, length - at, &exponent);
    out->point += exponent;
    return at;
}

/* digits x 10^exponent as a quotient n / m that is scaled into [1, 2); its bits are then taken one by one. */
static double read_exactly(const decimal *in)
{
    if (!in->count || in->point < LOWEST) return 0;
    if (in->point > HIGHEST) return HUGE_VAL;
    big n, m;
    big_set(&n, 0), big_set(&m, 1);
    for (int32_t i = 0; i < in->count; i++) big_multiply(&n, 10, in->digits[i]);
    int32_t exponent = in->point - in->count;
    if (exponent > 0)
        big_scale(&n, exponent);
    else
        big_scale(&m, -exponent);
    int32_t power = big_bits(&n) - big_bits(&m);
    big_shift(power > 0 ? &m : &n, power > 0 ? power : -power);
    if (big_compare(&n, &m) < 0) {
        big_shift(&n, 1);
        power--;
    }
    int32_t precision = power < DBL_MIN_EXP - 1 ? DBL_MANT_DIG + power - (DBL_MIN_EXP - 1) : DBL_MANT_DIG;
    if (precision < 0) return 0;
    uint64_t bits = 0;
    for (int32_t i = 0; i < precision; i++) {
        int one = big_compare(&n, &m) >= 0;
        if (one) big_subtract(&n, &m);
        bits = 2 * bits + (uint64_t)one;
        big_shift(&n, 1);
    }
    int rest =
        big_compare(&n, &m); /* n / m is now twice what the bits leave over: half an end goes to the even neighbour */
    bits += rest > 0 || (rest == 0 && (bits & 1));
    return ldexp((double)bits, power - precision + 1);
}

/* Up to 15 digits and powers of ten to 22 are doubles themselves, so that one operation rounds once (Clinger 1990). */
enum { EXACT_DIGITS = 15, EXACT_TENS = 22 };
static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                              1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static bool read_quickly(const decimal *in, double *number)
{
    int32_t exponent = in->point - in->count;
    if (FLT_EVAL_METHOD != 0 || in->count > EXACT_DIGITS || exponent < -EXACT_TENS || exponent > EXACT_TENS)
        return false;
    uint64_t digits = 0;
    for (int32_t i = 0; i < in->count; i++) digits = 10 * digits + in->digits[i];
    *number = exponent < 0 ? (double)digits / tens[-exponent] : (double)digits * tens[exponent];
    return true;
}

size_t gradus_number_read_shifted(const char *text, size_t length, int32_t shift, double *number)
{
    decimal read;
    size_t taken = scan(text, length, &read);
    if (!taken) return 0;
    read.point += shift;
    if (!read_quickly(&read, number)) *number = read_exactly(&read);
    if (read.negative) *number = -*number;
    return taken;
}

size_t gradus_number_read(const char *text, size_t length, double *number)
{
    return gradus_number_read_shifted(text, length, 0, number);
}

/* ---- printing ---- */

typedef struct interval { /* number = r / s; all that lies within below / s and above / s of it reads back to it */
    big r, s, below, above;
    bool closed; /* so do the ends: they are ties, and the mantissa is even */
} interval;

static int32_t open_interval(double number, interval *in)
{
    int exponent;
    uint64_t mantissa = (uint64_t)ldexp(frexp(number, &exponent), DBL_MANT_DIG);
    exponent -= DBL_MANT_DIG;
    if (exponent < DBL_MIN_EXP - DBL_MANT_DIG) { /* subnormal */
        mantissa >>= DBL_MIN_EXP - DBL_MANT_DIG - exponent;
        exponent = DBL_MIN_EXP - DBL_MANT_DIG;
    }
    bool uneven =
        mantissa == 1ULL << (DBL_MANT_DIG - 1) && exponent > DBL_MIN_EXP - DBL_MANT_DIG; /* closer below than above */
    int32_t up = exponent > 0 ? exponent : 0, down = exponent < 0 ? -exponent : 0;
    big_set(&in->r, mantissa), big_shift(&in->r, up + 1 + uneven);
    big_set(&in->s, 1), big_shift(&in->s, down + 1 + uneven);
    big_set(&in->below, 1), big_shift(&in->below, up);
    big_set(&in->above, 1), big_shift(&in->above, up + uneven);
    in->closed = mantissa % 2 == 0;
    return (int32_t)ceil(log10(number) - 1e-10); /* the decimal point, or one too few */
}

static bool ends_above(const interval *in)
{
    int order = big_compare_sum(&in->r, &in->above, &in->s);
    return order > 0 || (order == 0 && in->closed);
}

static bool ends_below(const interval *in)
{
    int order = big_compare(&in->r, &in->below);
    return order < 0 || (order == 0 && in->closed);
}

static void next_decimal(interval *in)
{
    big_multiply(&in->r, 10, 0), big_multiply(&in->below, 10, 0), big_multiply(&in->above, 10, 0);
}

/* Steele and White 1990, Burger and Dybvig 1996: digits are made until what is left lies inside the interval. */
static void shortest(double number, decimal *out)
{
    interval in;
    out->count = 0;
    out->point = open_interval(number, &in);
    if (out->point > 0)
        big_scale(&in.s, out->point);
    else
        big_scale(&in.r, -out->point), big_scale(&in.below, -out->point), big_scale(&in.above, -out->point);
    if (ends_above(&in))
        out->point++;
    else
        next_decimal(&in);
    for (;; next_decimal(&in)) {
        int digit = 0;
        for (; big_compare(&in.r, &in.s) >= 0; digit++) big_subtract(&in.r, &in.s);
        bool below = ends_below(&in), above = ends_above(&in);
        if (above && (!below || big_compare_sum(&in.r, &in.r, &in.s) >= 0)) digit++;
        out->digits[out->count++] = (unsigned char)digit;
        if (below || above) return;
    }
}

/* Most numbers that people write have no more than 15 digits. No two decimals of so few are the same double, so one that reads back
 * to the number is the shortest; and whether it does, one division tells, which rounds as reading would. */
static bool shortest_quickly(double number, decimal *out)
{
    if (FLT_EVAL_METHOD != 0 || !(number < tens[EXACT_DIGITS] && number > 1e-6)) return false;
    int32_t places = number == floor(number) ? 0 : EXACT_DIGITS - (int32_t)ceil(log10(number));
    double whole = nearbyint(number * tens[places]);
    if (whole >= tens[EXACT_DIGITS] || whole / tens[places] != number) return false;
    out->count = out->point = 0;
    unsigned char backwards[EXACT_DIGITS];
    int32_t count = 0, zeros = 0;
    for (uint64_t left = (uint64_t)whole; left; left /= 10) backwards[count++] = (unsigned char)(left % 10);
    out->point = count - places;
    while (zeros < count && !backwards[zeros]) zeros++;
    while (count > zeros) out->digits[out->count++] = backwards[--count];
    return true;
}

static char *put_digits(char *at, const decimal *in, int32_t from, int32_t to)
{
    for (int32_t i = from; i < to; i++) *at++ = (char)('0' + (i >= 0 && i < in->count ? in->digits[i] : 0));
    return at;
}

static char *put_exponent(char *at, int32_t exponent)
{
    *at++ = 'e';
    if (exponent < 0) *at++ = '-', exponent = -exponent;
    for (int32_t unit = exponent >= 100 ? 100 : exponent >= 10 ? 10 : 1; unit; unit /= 10)
        *at++ = (char)('0' + exponent / unit % 10);
    return at;
}

size_t gradus_number_print_shifted(double number, int32_t shift, char *text)
{
    char *at = text;
    if (isnan(number)) return strlen(strcpy(text, "nan"));
    if (signbit(number)) *at++ = '-', number = -number;
    if (isinf(number)) return (size_t)(at - text) + strlen(strcpy(at, "inf"));
    decimal digits = {.count = 0, .point = 1};
    if (number > 0) {
        if (!shortest_quickly(number, &digits)) shortest(number, &digits);
        digits.point += shift;
    }
    if (digits.point < -3 || digits.point > 16) {
        at = put_digits(at, &digits, 0, 1);
        if (digits.count > 1) *at++ = '.', at = put_digits(at, &digits, 1, digits.count);
        at = put_exponent(at, digits.point - 1);
    } else {
        at = digits.point > 0 ? put_digits(at, &digits, 0, digits.point) : put_digits(at, &digits, -1, 0);
        if (digits.count > digits.point) *at++ = '.', at = put_digits(at, &digits, digits.point, digits.count);
    }
    *at = 0;
    return (size_t)(at - text);
}

size_t gradus_number_print(double number, char *text) { return gradus_number_print_shifted(number, 0, text); }
