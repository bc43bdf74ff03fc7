/* The vocabulary: until lanes_end.h these words stand for one instruction set's.
 *
 *   number          float, or double in the tests' twin          lane, mask       LANES numbers, LANES truths
 *   span, cell      what a kernel is handed; what an element function works on (walk.h)
 *   work            what an update of whole tensors is handed
 *   load, store     LANES numbers at any address                 all(a)           the same number in every lane
 *   + - * /         of lanes, as written, never fused            root(a)          correctly rounded
 *   absolute(a)     the sign bit cleared                         with_sign(a, b)  |a| with the sign bit of b
 *   sign(a)         1, -1, or a itself where it is 0 or NaN      above, at_least, same   >, >=, ==; false with NaN
 *   smaller(a, b)   a < b ? a : b, so b when either is NaN       larger(a, b)     a > b ? a : b
 *   choose(m, a, b) m ? a : b in each lane                       both, either     of two masks
 *   add(part, a, b) adds a * b, exact in double, lane by lane to the LANES doubles at part
 *
 * How numbers are stored (storage.c) is told in LANES whole numbers of 32 bits, which the double has not:
 *
 *   bits            + - * & | ^ << >> of them, as written        bits_of, lane_of   the same bits as numbers, and back
 *   all_bits(a)     the same in every lane                       whole_of, real_of   numbers of [0, 2^31) cut, and made of them
 *   larger_int(a, b)  of numbers with a sign                     added(a, b, c)     a * b + c, where a * b is exact
 *   load16          LANES numbers of 16 bits, widened            store16            of at most as many, narrowed
 *   load_words      LANES words of four bytes, the first lowest  store_words
 */
#define number      ISA(number)
#define span        ISA(span)
#define work        ISA(work)
#define cell        ISA(cell)
#define element     ISA(element)
#define walk        ISA(walk)
#define walk_stored ISA(walk_stored)
#define has_slot    ISA(has_slot)
#define lane        ISA(lane)
#define mask        ISA(mask)
#define load        ISA(load)
#define store       ISA(store)
#define all         ISA(all)
#define root        ISA(root)
#define absolute    ISA(absolute)
#define with_sign   ISA(with_sign)
#define sign        ISA(sign)
#define above       ISA(above)
#define at_least    ISA(at_least)
#define same        ISA(same)
#define smaller     ISA(smaller)
#define larger      ISA(larger)
#define choose      ISA(choose)
#define both        ISA(both)
#define either      ISA(either)
#define add         ISA(add)
#define bits        ISA(bits)
#define bits_of     ISA(bits_of)
#define lane_of     ISA(lane_of)
#define all_bits    ISA(all_bits)
#define whole_of    ISA(whole_of)
#define real_of     ISA(real_of)
#define load16      ISA(load16)
#define store16     ISA(store16)
#define larger_int  ISA(larger_int)
#define load_words  ISA(load_words)
#define store_words ISA(store_words)
#define added       ISA(added)
