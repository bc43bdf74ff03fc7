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
 */
#define number    ISA(number)
#define span      ISA(span)
#define work      ISA(work)
#define cell      ISA(cell)
#define element   ISA(element)
#define walk      ISA(walk)
#define lane      ISA(lane)
#define mask      ISA(mask)
#define load      ISA(load)
#define store     ISA(store)
#define all       ISA(all)
#define root      ISA(root)
#define absolute  ISA(absolute)
#define with_sign ISA(with_sign)
#define sign      ISA(sign)
#define above     ISA(above)
#define at_least  ISA(at_least)
#define same      ISA(same)
#define smaller   ISA(smaller)
#define larger    ISA(larger)
#define choose    ISA(choose)
#define both      ISA(both)
#define either    ISA(either)
#define add       ISA(add)
