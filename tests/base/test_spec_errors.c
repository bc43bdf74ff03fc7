/* What is said about each kind of mistake: the place to the column, the code, the whole message and the name that was meant.
 * Every message comes out of a table or the grammar; the words here are what a user reads. */
#include "check.h"
#include "gradus/base.h"
#include "language_tables.h"

typedef struct mistake {
    const char *family, *text;
    int line, column, length, code;
    const char *message, *near;
} mistake;

static const mistake mistakes[] = {
    {"schedule", "warmup(5%) > cosin", 1, 14, 5, GRADUS_CODE_UNKNOWN_NAME,
     "'cosin' is no schedule; did you mean 'cosine'?", "cosine"},
    {"schedule", "warmup(5%) | cosine", 1, 12, 1, GRADUS_CODE_SYNTAX, "unexpected '|'; items are joined with '>'", ""},
    {"schedule", "warmup(5%) -> cosine", 1, 12, 2, GRADUS_CODE_SYNTAX, "unexpected '->'; items are joined with '>'",
     ""},
    {"schedule", "warmup(5%) => cosine", 1, 12, 2, GRADUS_CODE_SYNTAX, "unexpected '=>'; items are joined with '>'",
     ""},
    {"schedule", "warmup(5%) |> cosine", 1, 12, 2, GRADUS_CODE_SYNTAX, "unexpected '|>'; items are joined with '>'",
     ""},
    {"schedule", "warmup(5%) >> cosine", 1, 13, 1, GRADUS_CODE_SYNTAX, "items are joined with one '>'", ""},
    {"schedule", "> cosine", 1, 1, 1, GRADUS_CODE_SYNTAX, "nothing stands before this '>'", ""},
    {"schedule", "warmup(5%) >", 1, 12, 1, GRADUS_CODE_SYNTAX, "nothing follows this '>'", ""},
    {"schedule", "warmup(5%) > , ", 1, 12, 1, GRADUS_CODE_SYNTAX, "nothing follows this '>'", ""},
    {"schedule", "warmup(5%, cosine", 1, 7, 1, GRADUS_CODE_UNCLOSED, "'(' is never closed", ""},
    {"schedule", "product(cosine > , hold)", 1, 16, 1, GRADUS_CODE_SYNTAX, "nothing follows this '>'", ""},
    {"schedule", "warmup(5%)) > cosine", 1, 11, 1, GRADUS_CODE_UNCLOSED, "')' without '('", ""},
    {"schedule", "warmup(5%] > cosine", 1, 10, 1, GRADUS_CODE_UNCLOSED, "']' cannot close '('", ""},
    {"schedule", "multistep([1, 2)", 1, 16, 1, GRADUS_CODE_UNCLOSED, "')' cannot close '['", ""},
    {"schedule", "warmup(5%) cosine", 1, 12, 6, GRADUS_CODE_SYNTAX, "expected '>' or the end before 'cosine'", ""},
    {"schedule", "cosine cosine", 1, 8, 6, GRADUS_CODE_SYNTAX,
     "expected '>' or the end before 'cosine'; a text with a space goes in quotes", ""},
    {"schedule", "warmup(5%), cosine", 1, 11, 1, GRADUS_CODE_SYNTAX,
     "',' outside parentheses; items are joined with '>'", ""},
    {"schedule", "(warmup(5%), cosine)", 1, 12, 1, GRADUS_CODE_SYNTAX, "',' in a group; items are joined with '>'", ""},
    {"schedule", "", 1, 1, 0, GRADUS_CODE_MISSING, "nothing is written here", ""},
    {"schedule", "   # only a comment", 1, 20, 0, GRADUS_CODE_MISSING, "nothing is written here", ""},
    {"schedule", "()", 1, 2, 1, GRADUS_CODE_SYNTAX, "nothing stands between these parentheses", ""},
    {"schedule", "warmup(,)", 1, 8, 1, GRADUS_CODE_MISSING, "a value is missing before this ','", ""},
    {"schedule", "warmup(5,,6)", 1, 10, 1, GRADUS_CODE_MISSING, "a value is missing before this ','", ""},
    {"schedule", "warmup(length=)", 1, 15, 1, GRADUS_CODE_MISSING, "a value is missing after 'length='", ""},
    {"schedule", "warmup(length=", 1, 7, 1, GRADUS_CODE_UNCLOSED, "'(' is never closed", ""},
    {"schedule", "warmup(=5)", 1, 8, 1, GRADUS_CODE_SYNTAX, "a name is missing before this '='", ""},
    {"schedule", "warmup = 5", 1, 8, 1, GRADUS_CODE_SYNTAX,
     "unexpected '='; parameters stand in parentheses: name(key=value)", ""},
    {"schedule", "schedule: cosine", 1, 9, 1, GRADUS_CODE_CHARACTER, "unexpected ':'; a text with ':' goes in quotes",
     ""},
    {"schedule", "warmup(length: 5)", 1, 14, 1, GRADUS_CODE_SYNTAX, "unexpected ':'; parameters are written key=value",
     ""},
    {"schedule", "warmup(5); cosine", 1, 10, 1, GRADUS_CODE_SYNTAX, "unexpected ';'; items are joined with '>'", ""},
    {"schedule", "warmup(5) & cosine", 1, 11, 1, GRADUS_CODE_SYNTAX, "unexpected '&'; items are joined with '>'", ""},
    {"schedule", "@cosine", 1, 1, 1, GRADUS_CODE_CHARACTER, "unexpected '@'; a text with '@' goes in quotes", ""},
    {"schedule", "cosine@", 1, 7, 1, GRADUS_CODE_CHARACTER, "unexpected '@'; a text with '@' goes in quotes", ""},
    {"schedule", "cosine#no", 1, 7, 1, GRADUS_CODE_CHARACTER, "unexpected '#'; a text with '#' goes in quotes", ""},
    {"schedule", "warmup(“5%”)", 1, 8, 3, GRADUS_CODE_CHARACTER, "typographic character '“'; write '\"'", ""},
    {"schedule", "warmup(5%) → cosine", 1, 12, 3, GRADUS_CODE_CHARACTER, "typographic character '→'; write '>'", ""},
    {"schedule", "warmup（5）", 1, 7, 3, GRADUS_CODE_CHARACTER, "typographic character '（'; write '('", ""},
    {"schedule", "cosine×2", 1, 7, 2, GRADUS_CODE_CHARACTER, "typographic character '×'; write '*'", ""},
    {"schedule", "warmup(5)\n  > cosin", 2, 5, 5, GRADUS_CODE_UNKNOWN_NAME,
     "'cosin' is no schedule; did you mean 'cosine'?", "cosine"},
    {"schedule", "é > cosin(😀)", 1, 11, 4, GRADUS_CODE_CHARACTER, "unexpected '😀'; a text with '😀' goes in quotes", ""},
    {"schedule", "\"cosine\"", 1, 1, 8, GRADUS_CODE_WRONG_TYPE, "expected a schedule, found a quoted text", ""},
    {"schedule", "[cosine]", 1, 1, 8, GRADUS_CODE_WRONG_TYPE, "expected a schedule, found a list", ""},
    {"schedule", "0.1", 1, 1, 3, GRADUS_CODE_WRONG_TYPE, "expected a schedule, found the number 0.1", ""},
    {"schedule", "5%", 1, 1, 2, GRADUS_CODE_WRONG_TYPE, "expected a schedule, found the number 5%", ""},
    {"schedule", "sgdr(10ep)", 1, 1, 4, GRADUS_CODE_RENAMED, "'sgdr' is called 'cosine_restarts' here",
     "cosine_restarts"},
    {"schedule", "linear_decay", 1, 1, 12, GRADUS_CODE_RENAMED, "'linear_decay' may mean 'linear' or 'decay' here", ""},
    {"schedule", "plateau(patience=5)", 1, 1, 7, GRADUS_CODE_WRONG_FAMILY, "'plateau' is a feedback, not a schedule",
     ""},
    {"schedule", "reduce_on_plateau(5)", 1, 1, 17, GRADUS_CODE_WRONG_FAMILY,
     "'reduce_on_plateau' is called 'plateau' here, and is a feedback, not a schedule", ""},
    {"schedule", "adam", 1, 1, 4, GRADUS_CODE_WRONG_FAMILY, "'adam' is an optimizer, not a schedule", ""},
    {"schedule", "xyzzy", 1, 1, 5, GRADUS_CODE_UNKNOWN_NAME, "'xyzzy' is no schedule", ""},
    {"schedule", "warmup", 1, 1, 6, GRADUS_CODE_MISSING, "'warmup' needs length: warmup(5%)", ""},
    {"schedule", "warmup()", 1, 1, 6, GRADUS_CODE_MISSING, "'warmup' needs length: warmup(5%)", ""},
    {"schedule", "step", 1, 1, 4, GRADUS_CODE_MISSING, "'step' needs every: step(5%)", ""},
    {"schedule", "step(factor=0.1)", 1, 1, 4, GRADUS_CODE_MISSING, "'step' needs every: step(5%, factor=0.1)", ""},
    {"schedule", "warmup(-5)", 1, 8, 2, GRADUS_CODE_OUT_OF_RANGE, "length must be at least 0, not -5", ""},
    {"schedule", "warmup(150%)", 1, 8, 4, GRADUS_CODE_LENGTHS, "150% is more than 100 % of the run", ""},
    {"schedule", "repeat(3, warmup(150%))", 1, 18, 4, GRADUS_CODE_LENGTHS,
     "150% is more than 100 % of what is around it", ""},
    {"schedule", "warmup(5 epochs) > cosine", 1, 10, 6, GRADUS_CODE_UNKNOWN_UNIT,
     "'epochs' is no unit; did you mean 'ep'?", "ep"},
    {"schedule", "warmup(5 parsecs)", 1, 10, 7, GRADUS_CODE_SYNTAX, "expected ',' or ')' before 'parsecs'", ""},
    {"schedule", "warmup(5parsecs)", 1, 9, 7, GRADUS_CODE_UNKNOWN_UNIT,
     "'parsecs' is no unit; there are % ep updates samples tokens s min h", ""},
    {"schedule", "warmup(1e999)", 1, 8, 5, GRADUS_CODE_OUT_OF_RANGE, "'1e999' is no finite number", ""},
    {"schedule", "warmup(1/0)", 1, 8, 3, GRADUS_CODE_OUT_OF_RANGE, "'1/0' is no finite number", ""},
    {"schedule", "warmup(abc)", 1, 8, 3, GRADUS_CODE_WRONG_TYPE,
     "expected a length such as 500, 3ep or 10%, found 'abc'", ""},
    {"schedule", "warmup(\"5\")", 1, 8, 3, GRADUS_CODE_WRONG_TYPE,
     "expected a length such as 500, 3ep or 10%, found '\"5\"'; it goes without quotes", ""},
    {"schedule", "warmup([5])", 1, 8, 3, GRADUS_CODE_WRONG_TYPE,
     "expected a length such as 500, 3ep or 10%, found '[5]'", ""},
    {"schedule", "warmup(cosine > hold)", 1, 8, 13, GRADUS_CODE_WRONG_TYPE,
     "expected a length such as 500, 3ep or 10%, found 'cosine > hold'", ""},
    {"schedule", "step(0)", 1, 6, 1, GRADUS_CODE_OUT_OF_RANGE, "every must be above 0, not 0", ""},
    {"schedule", "cosine(to=0.1, to=0.2)", 1, 16, 2, GRADUS_CODE_REPEATED, "'to' is given twice", ""},
    {"schedule", "warmup(5, length=6)", 1, 11, 6, GRADUS_CODE_REPEATED,
     "'length' is given twice, first without its name", ""},
    {"schedule", "warmup(5, 6)", 1, 11, 1, GRADUS_CODE_TOO_MANY, "'warmup' takes 1 value without a name; write from=6",
     ""},
    {"schedule", "constant(5)", 1, 10, 1, GRADUS_CODE_TOO_MANY,
     "'constant' takes no value without a name; write length=5", ""},
    {"schedule", "constant(x=5)", 1, 10, 1, GRADUS_CODE_UNKNOWN_PARAMETER,
     "'constant' has no parameter 'x'; it has length, floor", ""},
    {"schedule", "cosine(to=5, 6)", 1, 14, 1, GRADUS_CODE_UNEXPECTED_VALUE, "values without a name come first", ""},
    {"schedule", "cosine(0, 5)", 1, 11, 1, GRADUS_CODE_TOO_MANY, "'cosine' takes 1 value without a name; write to=5",
     ""},
    {"schedule", "cosine(eta_min=1e-5)", 1, 8, 7, GRADUS_CODE_UNKNOWN_PARAMETER,
     "'cosine' has no parameter 'eta_min'; write to=", "to"},
    {"schedule", "cosine(T_max=5)", 1, 8, 5, GRADUS_CODE_UNKNOWN_PARAMETER,
     "'cosine' has no parameter 'T_max'; write length=, or add like=torch", "length"},
    {"schedule", "cosine(like=pytorch)", 1, 13, 7, GRADUS_CODE_UNEXPECTED_VALUE,
     "'pytorch' is no framework that is known here; did you mean 'torch'?", "torch"},
    {"schedule", "cosine(like=keras)", 1, 13, 5, GRADUS_CODE_UNEXPECTED_VALUE,
     "'cosine' has no conventions of 'keras'; it knows torch, timm", ""},
    {"schedule", "cosine(like=timm.cosine)", 1, 13, 11, GRADUS_CODE_UNEXPECTED_VALUE,
     "'cosine' has no conventions of 'timm.cosine'; it knows timm.CosineLRScheduler, timm.TanhLRScheduler", ""},
    {"schedule", "cosine(like=tim.cosine)", 1, 13, 10, GRADUS_CODE_UNEXPECTED_VALUE,
     "'tim.cosine' is no framework that is known here", ""},
    {"schedule", "hold(like=torch)", 1, 11, 5, GRADUS_CODE_UNEXPECTED_VALUE, "'hold' has no conventions of 'torch'",
     ""},
    {"schedule", "cosine(like=[torch])", 1, 13, 7, GRADUS_CODE_WRONG_TYPE,
     "expected the name of a framework, such as like=torch", ""},
    {"schedule", "cosine(eta_min=-1, like=torch)", 1, 16, 2, GRADUS_CODE_OUT_OF_RANGE,
     "eta_min must be at least 0, not -1", ""},
    {"schedule", "onecycle(max=0.1)", 1, 10, 3, GRADUS_CODE_REFUSED,
     "'onecycle' has no parameter 'max'; the peak is the run's lr=0.1", ""},
    {"schedule", "3 * cosine(10ep)", 1, 1, 16, GRADUS_CODE_SYNTAX,
     "'*' repeats layers only; write repeat(3, cosine(10ep))", ""},
    {"schedule", "3 * (cosine > hold)", 1, 1, 19, GRADUS_CODE_SYNTAX, "'*' repeats layers only", ""},
    {"schedule", "cosine(to=1_000)", 1, 11, 5, GRADUS_CODE_WRONG_TYPE, "'1_000' is no number; write 1000 or 1k", ""},
    {"schedule", "cosine(to=1_500_000)", 1, 11, 9, GRADUS_CODE_WRONG_TYPE,
     "'1_500_000' is no number; write 1500000 or 1.5M", ""},
    {"schedule", "cosine(to=5ep)", 1, 11, 3, GRADUS_CODE_WRONG_UNIT, "'ep' does not belong here; to has no unit", ""},
    {"schedule", "cosine(to=5 blah)", 1, 13, 4, GRADUS_CODE_SYNTAX, "expected ',' or ')' before 'blah'", ""},
    {"schedule", "{cosine, linear}", 1, 1, 1, GRADUS_CODE_CHARACTER,
     "unexpected '{'; alternatives are written choice(a, b)", ""},
    {"schedule", "choice(cosine)", 1, 1, 14, GRADUS_CODE_MISSING, "'choice' of one value is no choice", ""},
    {"schedule", "choice()", 1, 1, 8, GRADUS_CODE_MISSING, "'choice' needs alternatives: choice(a, b)", ""},
    {"schedule", "choice(cosine, x=5)", 1, 16, 1, GRADUS_CODE_UNKNOWN_PARAMETER,
     "'choice' has no parameter 'x'; alternatives are written choice(a, b)", ""},
    {"schedule", "uniform(0, 1)", 1, 1, 13, GRADUS_CODE_WRONG_TYPE, "'uniform' stands for a number, not for a schedule",
     ""},
    {"schedule", "search", 1, 1, 6, GRADUS_CODE_WRONG_TYPE, "'search' stands for a number, not for a schedule", ""},
    {"schedule", "piecewise()", 1, 1, 9, GRADUS_CODE_MISSING, "'piecewise' needs points: piecewise([5ep, 1])", ""},
    {"schedule", "piecewise(5)", 1, 11, 1, GRADUS_CODE_WRONG_TYPE, "expected a point [length, share], found '5'", ""},
    {"schedule", "piecewise([1,2,3])", 1, 11, 7, GRADUS_CODE_WRONG_TYPE,
     "expected a point [length, share], found '[1,2,3]'", ""},
    {"schedule", "piecewise([1ep, 2ep])", 1, 17, 3, GRADUS_CODE_WRONG_UNIT,
     "'ep' does not belong here; points has no unit", ""},
    {"schedule", "decay(20%, shape=sqrt)", 1, 18, 4, GRADUS_CODE_UNEXPECTED_VALUE,
     "expected one of linear, cosine, 1-sqrt, 1-square, found 'sqrt'; did you mean '1-sqrt'?", "1-sqrt"},
    {"schedule", "decay(20%, shape=5)", 1, 18, 1, GRADUS_CODE_UNEXPECTED_VALUE,
     "expected one of linear, cosine, 1-sqrt, 1-square, found '5'", ""},
    {"schedule", "decay(20%, shape=cosine(5))", 1, 18, 9, GRADUS_CODE_WRONG_TYPE,
     "expected one of linear, cosine, 1-sqrt, 1-square, found 'cosine(5)'; did you mean 'cosine'?", "cosine"},
    {"schedule", "exponential(0.9, stairs)", 1, 18, 6, GRADUS_CODE_WRONG_TYPE,
     "expected a length such as 500, 3ep or 10%, found 'stairs'", ""},
    {"schedule", "exponential(0.9, 2ep, stairs)", 1, 23, 6, GRADUS_CODE_TOO_MANY,
     "'exponential' takes 2 values without a name", ""},
    {"schedule", "exponential(0.9, staircase, staircase)", 1, 29, 9, GRADUS_CODE_REPEATED,
     "'staircase' is given twice, first without its name", ""},
    {"schedule", "exponential(0.9, staircase=yes)", 1, 28, 3, GRADUS_CODE_WRONG_TYPE,
     "expected true or false, not 'yes'; did you mean true?", "true"},
    {"schedule", "exponential(0.9, staircase=maybe)", 1, 28, 5, GRADUS_CODE_WRONG_TYPE,
     "expected true or false, not 'maybe'", ""},
    {"optimizer", "adam(lr=0.001)", 1, 6, 2, GRADUS_CODE_REFUSED,
     "'adam' has no parameter 'lr'; the rate is the run's own setting: lr=0.001", ""},
    {"optimizer", "adam(0.001)", 1, 6, 5, GRADUS_CODE_TOO_MANY,
     "'adam' takes no value without a name; the rate is the run's own setting: lr=0.001", ""},
    {"optimizer", "adamw(betas=[0.9, 0.95])", 1, 7, 5, GRADUS_CODE_REFUSED,
     "'adamw' has no parameter 'betas'; write beta1= and beta2=", ""},
    {"optimizer", "adamw(weight_deacy=0.1)", 1, 7, 12, GRADUS_CODE_UNKNOWN_PARAMETER,
     "'adamw' has no parameter 'weight_deacy'; did you mean 'weight_decay'?", "weight_decay"},
    {"optimizer", "sgd(momentum=1.5)", 1, 14, 3, GRADUS_CODE_OUT_OF_RANGE, "momentum must be in [0, 1), not 1.5", ""},
    {"optimizer", "sgd(momentum=-1e-3)", 1, 14, 5, GRADUS_CODE_OUT_OF_RANGE, "momentum must be in [0, 1), not -1e-3",
     ""},
    {"optimizer", "sgd(momentum=0.9, nestrov)", 1, 19, 7, GRADUS_CODE_UNKNOWN_PARAMETER,
     "'sgd' has no flag 'nestrov'; did you mean 'nesterov'?", "nesterov"},
    {"optimizer", "sgd(0.9)", 1, 5, 3, GRADUS_CODE_TOO_MANY,
     "'sgd' takes no value without a name; the rate is the run's own setting: lr=0.9", ""},
    {"optimizer", "sgd(momentum=)", 1, 14, 1, GRADUS_CODE_MISSING, "a value is missing after 'momentum='", ""},
    {"optimizer", "sgd(momentum=10%)", 1, 14, 3, GRADUS_CODE_WRONG_UNIT, "'%' does not belong here; write 0.1", ""},
    {"optimizer", "sgd(momentum=5ep)", 1, 14, 3, GRADUS_CODE_WRONG_UNIT,
     "'ep' does not belong here; momentum has no unit", ""},
    {"optimizer", "sgd(momentum=abc)", 1, 14, 3, GRADUS_CODE_WRONG_TYPE, "expected a number or a schedule, found 'abc'",
     ""},
    {"optimizer", "sgd(momentum=cosin(5))", 1, 14, 5, GRADUS_CODE_UNKNOWN_NAME,
     "'cosin' is no schedule; did you mean 'cosine'?", "cosine"},
    {"optimizer", "sgd(momentum=[1])", 1, 14, 3, GRADUS_CODE_WRONG_TYPE, "expected a number or a schedule, found '[1]'",
     ""},
    {"optimizer", "sgd(momentum=uniform(0.99, 0.8))", 1, 28, 3, GRADUS_CODE_RANGE_ORDER,
     "the upper end must be above the lower", ""},
    {"optimizer", "sgd(momentum=uniform(0.8, 0.8))", 1, 27, 3, GRADUS_CODE_RANGE_ORDER,
     "the upper end must be above the lower", ""},
    {"optimizer", "sgd(momentum=uniform(0.8, 1.8))", 1, 27, 3, GRADUS_CODE_OUT_OF_RANGE,
     "momentum must be in [0, 1), not 1.8", ""},
    {"optimizer", "sgd(momentum=uniform(0.8))", 1, 14, 12, GRADUS_CODE_MISSING,
     "'uniform' takes a lower and an upper end: uniform(low, high)", ""},
    {"optimizer", "sgd(momentum=uniform(0.8, 0.9, 0.95))", 1, 32, 4, GRADUS_CODE_TOO_MANY,
     "'uniform' takes a lower and an upper end: uniform(low, high)", ""},
    {"optimizer", "sgd(momentum=uniform)", 1, 14, 7, GRADUS_CODE_WRONG_TYPE,
     "expected a number or a schedule, found 'uniform'", ""},
    {"optimizer", "sgd(momentum=int(0.1, 0.9))", 1, 14, 13, GRADUS_CODE_WRONG_TYPE,
     "the ends of 'int' are whole numbers; write uniform(low, high)", ""},
    {"optimizer", "adamw(weight_decay=loguniform(0, 1))", 1, 31, 1, GRADUS_CODE_OUT_OF_RANGE,
     "a logarithmic range starts above 0", ""},
    {"optimizer", "adamw(beta1=search)", 1, 13, 6, GRADUS_CODE_UNEXPECTED_VALUE,
     "no range to search is known for beta1; write uniform(low, high)", ""},
    {"optimizer", "adam > lookahead", 1, 8, 9, GRADUS_CODE_SYNTAX, "an optimizer is one call, not a chain", ""},
    {"optimizer", "sgd, adam", 1, 4, 1, GRADUS_CODE_SYNTAX,
     "',' outside parentheses; alternatives are written choice(a, b)", ""},
    {"optimizer", "adamw(beta1: 0.9)", 1, 12, 1, GRADUS_CODE_SYNTAX, "unexpected ':'; parameters are written key=value",
     ""},
    {"optimizer", "lookahead", 1, 1, 9, GRADUS_CODE_MISSING, "'lookahead' needs inner: lookahead(...)", ""},
    {"optimizer", "lookahead(cosine)", 1, 11, 6, GRADUS_CODE_WRONG_FAMILY, "'cosine' is a schedule, not an optimizer",
     ""},
    {"optimizer", "lookahead(adam > sgd)", 1, 18, 3, GRADUS_CODE_SYNTAX, "an optimizer is one call, not a chain", ""},
    {"optimizer", "sgd(state=4bit)", 1, 11, 4, GRADUS_CODE_UNEXPECTED_VALUE,
     "expected one of float32, 8bit, bfloat16, found '4bit'; did you mean '8bit'?", "8bit"},
    {"feedback", "plateau(patience=2.5)", 1, 18, 3, GRADUS_CODE_WRONG_TYPE, "expected a whole number, found '2.5'", ""},
    {"feedback", "plateau(patience=1e30)", 1, 18, 4, GRADUS_CODE_WRONG_TYPE, "expected a whole number, found '1e30'",
     ""},
    {"feedback", "plateau([a])", 1, 9, 3, GRADUS_CODE_WRONG_TYPE, "expected the name of a measure, found '[a]'", ""},
    {"feedback", "plateau(f(x))", 1, 9, 4, GRADUS_CODE_WRONG_TYPE,
     "expected the name of a measure, found 'f(x)'; a text with ( or > goes in quotes", ""},
    {"model", "ReLU", 1, 1, 4, GRADUS_CODE_UNKNOWN_NAME, "'ReLU' is no layer; did you mean 'relu'?", "relu"},
    {"model", "linear(10)", 1, 1, 6, GRADUS_CODE_RENAMED, "'linear' is called 'dense' here", "dense"},
    {"model", "dense(784, 256)", 1, 12, 3, GRADUS_CODE_TOO_MANY,
     "'dense' takes 1 value without a name; input sizes are inferred; write dense(256)", ""},
    {"model", "dense", 1, 1, 5, GRADUS_CODE_MISSING, "'dense' needs units: dense(10)", ""},
    {"model", "conv(16)", 1, 1, 4, GRADUS_CODE_MISSING, "'conv' needs kernel: conv(16, 10)", ""},
    {"model", "conv(kernel=3)", 1, 1, 4, GRADUS_CODE_MISSING, "'conv' needs channels: conv(10, kernel=3)", ""},
    {"model", "conv(16, 5, padding=2)", 1, 13, 7, GRADUS_CODE_UNKNOWN_PARAMETER,
     "'conv' has no parameter 'padding'; did you mean 'pad'?", "pad"},
    {"model", "conv(16, [])", 1, 10, 2, GRADUS_CODE_MISSING, "this list is empty", ""},
    {"model", "dense(10 relu)", 1, 10, 4, GRADUS_CODE_SYNTAX, "expected ',' or ')' before 'relu'", ""},
    {"model", "dense(10, \"a\" \"b\")", 1, 15, 1, GRADUS_CODE_SYNTAX, "unexpected quoted text", ""},
    {"model", "residual()", 1, 1, 8, GRADUS_CODE_MISSING, "'residual' needs body: residual(...)", ""},
    {"model", "0 * dense(3)", 1, 1, 1, GRADUS_CODE_OUT_OF_RANGE,
     "a repeat count is a whole number from 1 to 10000, not 0", ""},
    {"model", "1.5 * dense(3)", 1, 1, 3, GRADUS_CODE_OUT_OF_RANGE,
     "a repeat count is a whole number from 1 to 10000, not 1.5", ""},
    {"model", "10001 * dense(3)", 1, 1, 5, GRADUS_CODE_OUT_OF_RANGE,
     "a repeat count is a whole number from 1 to 10000, not 10001", ""},
    {"model", "5000 * (relu > 3 * tanh)", 1, 1, 24, GRADUS_CODE_TOO_LONG, "more than 10000 layers after repetition",
     ""},
    {"model", "2 * 3 * dense(3)", 1, 7, 1, GRADUS_CODE_SYNTAX, "one repeat count is enough", ""},
    {"model", "dense(256)*3", 1, 11, 1, GRADUS_CODE_SYNTAX, "a repeat count comes first, as in 3 * (a > b)", ""},
    {"model", "dense*x", 1, 6, 1, GRADUS_CODE_CHARACTER, "a text with '*' goes in quotes", ""},
    {"model", "dense(10, tie=wte)", 1, 15, 3, GRADUS_CODE_REFERENCE, "no layer is named 'wte'", ""},
    {"model", "dense(10, name=wta) > dense(10, tie=wte)", 1, 37, 3, GRADUS_CODE_REFERENCE,
     "no layer is named 'wte'; did you mean 'wta'?", "wta"},
    {"model", "dense(10, name=a) > dense(3, name=a)", 1, 35, 1, GRADUS_CODE_REPEATED, "the name 'a' is given twice",
     ""},
    {"model", "dense(10, name=a.b)", 1, 16, 3, GRADUS_CODE_UNEXPECTED_VALUE,
     "a name is made of letters, digits, '_' and '-'", ""},
    {"model", "dense(10, name=\"\")", 1, 16, 2, GRADUS_CODE_UNEXPECTED_VALUE,
     "a name is made of letters, digits, '_' and '-'", ""},
    {"model", "dense(uniform(32, 512))", 1, 7, 16, GRADUS_CODE_WRONG_TYPE,
     "units is a whole number; write int(low, high)", "int"},
    {"model", "dense(choice(1))", 1, 7, 9, GRADUS_CODE_MISSING, "'choice' of one value is no choice", ""},
    {"model", "dense(10) + relu", 1, 11, 1, GRADUS_CODE_SYNTAX,
     "unexpected '+'; there is no arithmetic, write sum(a, b)", ""},
    {"model", "dense(10) - relu", 1, 11, 1, GRADUS_CODE_SYNTAX,
     "unexpected '-'; there is no arithmetic, write sum(a, b)", ""},
    {"model", "concat()", 1, 1, 6, GRADUS_CODE_MISSING, "'concat' needs parts: concat(...)", ""},
    {"model", "conv(16, 5, pad=some)", 1, 17, 4, GRADUS_CODE_WRONG_TYPE,
     "expected a whole number or same, found 'some'; did you mean 'same'?", "same"},
    {"loss", "cross_entropy + huber", 1, 15, 1, GRADUS_CODE_SYNTAX,
     "unexpected '+'; there is no arithmetic, write sum(a, b)", ""},
    {"data", "csv(house prices.csv)", 1, 11, 10, GRADUS_CODE_SYNTAX,
     "expected ',' or ')' before 'prices.csv'; a text with a space goes in quotes", ""},
    {"data", "csv(\"house.csv)", 1, 5, 1, GRADUS_CODE_UNCLOSED, "this quote is never closed", ""},
    {"data", "csv(\"a\\qb.csv\")", 1, 7, 1, GRADUS_CODE_SYNTAX,
     "a backslash stands before \\ \" ' n or t only; a plain one is written \\\\", ""},
    {"data", "csv(epoch=3.csv)", 1, 5, 5, GRADUS_CODE_UNKNOWN_PARAMETER,
     "'csv' has no parameter 'epoch'; a text with '=' goes in quotes", ""},
    {"data", "csv(a=b=c)", 1, 8, 1, GRADUS_CODE_CHARACTER, "unexpected '='; a text with '=' goes in quotes", ""},
    {"data", "house.parquet", 1, 1, 13, GRADUS_CODE_UNKNOWN_NAME, "no reader for 'house.parquet'", ""},
    {"data", "\"house.parquet\"", 1, 1, 15, GRADUS_CODE_UNKNOWN_NAME, "no reader for 'house.parquet'", ""},
    {"data", "house.csv(target=price)", 1, 1, 9, GRADUS_CODE_SYNTAX,
     "a file stands first among the values: csv(house.csv, ...)", "csv"},
    {"data", "house", 1, 1, 5, GRADUS_CODE_UNKNOWN_NAME, "'house' is no data set", ""},
    {"data", "csv(house.csv, taget=price)", 1, 16, 5, GRADUS_CODE_UNKNOWN_PARAMETER,
     "'csv' has no parameter 'taget'; did you mean 'target'?", "target"},
    {"data", "csv(f(x))", 1, 5, 4, GRADUS_CODE_WRONG_TYPE,
     "expected a text, found 'f(x)'; a text with ( or > goes in quotes", ""},
    {"data", "csv(a > b)", 1, 5, 5, GRADUS_CODE_WRONG_TYPE,
     "expected a text, found 'a > b'; a text with ( or > goes in quotes", ""},
    {"group", "match(*.bias, weight_decay=0)", 1, 7, 1, GRADUS_CODE_CHARACTER, "a text with '*' goes in quotes", ""},
    {"group", "match(head*)", 1, 11, 1, GRADUS_CODE_CHARACTER, "a text with '*' goes in quotes", ""},
    {"group", "match(head, lr=10)", 1, 13, 2, GRADUS_CODE_REFUSED, "'match' has no parameter 'lr'; write lr_scale=10",
     ""},
    {"group", "match(head, momentum=10)", 1, 13, 8, GRADUS_CODE_UNKNOWN_PARAMETER,
     "'match' has no parameter 'momentum'; it has pattern, weight_decay, lr_scale", ""},
    {"gradient", "clip_norm(max_norm=1)", 1, 11, 8, GRADUS_CODE_REFUSED,
     "'clip_norm' has no parameter 'max_norm'; the limit is the first value: clip_norm(1)", ""},
    {"gradient", "clip_norm(0)", 1, 11, 1, GRADUS_CODE_OUT_OF_RANGE, "limit must be above 0, not 0", ""},
    {"gradient", "clip_norm(1, order=0.5)", 1, 20, 3, GRADUS_CODE_OUT_OF_RANGE, "order must be at least 1, not 0.5",
     ""},
    {"gradient", "clip_norm", 1, 1, 9, GRADUS_CODE_MISSING, "'clip_norm' needs limit: clip_norm(1)", ""},
    {"value", "[1, 2", 1, 1, 1, GRADUS_CODE_UNCLOSED, "'[' is never closed", ""},
    {"value", "a = 5", 1, 3, 1, GRADUS_CODE_SYNTAX, "unexpected '='; parameters stand in parentheses: name(key=value)",
     ""},
    {"value", "\"\\\"", 1, 1, 1, GRADUS_CODE_UNCLOSED, "this quote is never closed", ""},
};

static void test_mistakes(void **state)
{
    (void)state;
    int wrong = 0;
    for (const mistake *m = mistakes; m < mistakes + sizeof mistakes / sizeof *mistakes; m++) {
        gradus_error error = {0};
        gradus_spec *spec = gradus_spec_create(
            m->text, &(gradus_spec_config){.family = m->family, .language = &small_language}, &error);
        bool right = !spec && error.line == m->line && error.column == m->column && error.length == m->length &&
                     error.code == m->code && error.source == 0 && strcmp(error.message, m->message) == 0 &&
                     strcmp(error.near, m->near) == 0;
        if (!right)
            print_error("%s %s\n  should be %d:%d+%d %s: %s\n  but is    %d:%d+%d %s: %s\n", m->family, m->text,
                        m->line, m->column, m->length, gradus_code_name(m->code), m->message, error.line, error.column,
                        error.length, gradus_code_name(error.code), error.message);
        wrong += !right;
        gradus_spec_destroy(spec);
    }
    assert_int_equal(wrong, 0);
}

static void test_offsets_are_bytes_and_columns_code_points(void **state)
{
    (void)state;
    gradus_error error = {0};
    assert_null(gradus_spec_create("# é\nprodukt(é, 本 > cosin)",
                                   &(gradus_spec_config){.family = "schedule", .language = &small_language}, &error));
    assert_int_equal(error.line, 2);
    assert_int_equal(error.column, 1);
    assert_int_equal(error.offset, 5);
    error = (gradus_error){0};
    assert_null(gradus_spec_create("csv(本本.csv, tarjet=x)",
                                   &(gradus_spec_config){.family = "data", .language = &small_language}, &error));
    assert_int_equal(error.column, 13);
    assert_int_equal(error.offset, 16);
}

static void test_errors_are_sticky_and_optional(void **state)
{
    (void)state;
    gradus_spec_config config = {.family = "schedule", .language = &small_language};
    gradus_error error = {.status = GRADUS_ERROR_USE};
    assert_null(gradus_spec_create("cosine", &config, &error));
    assert_int_equal(error.status, GRADUS_ERROR_USE);
    assert_null(gradus_spec_create("cosin", &config, NULL));
    assert_null(gradus_spec_create("house.csv(", &config, NULL));
    assert_null(gradus_spec_create("choice(x)", &config, NULL));
    gradus_spec_destroy(gradus_spec_create("cosine", &config, NULL));
    error = (gradus_error){0};
    assert_null(gradus_spec_create(NULL, &config, &error));
    assert_int_equal(error.status, GRADUS_ERROR_USE);
    error = (gradus_error){0};
    assert_null(gradus_spec_create("cosine", &(gradus_spec_config){0}, &error));
    assert_int_equal(error.status, GRADUS_ERROR_USE);
    error = (gradus_error){0};
    assert_null(
        gradus_spec_create("x", &(gradus_spec_config){.family = "nothing", .language = &small_language}, &error));
    assert_string_equal(error.message, "no family 'nothing'");
    assert_int_equal(error.line, 0);
}

/* What a room says about a bound text after its own checks. */
static void test_rooms_place_their_own_errors(void **state)
{
    (void)state;
    gradus_error error = {0};
    const char *text = "warmup(5) >\n  cosine";
    gradus_where place = {.offset = 14, .length = 6};
    assert_int_equal(gradus_spec_fail(&error, text, place, GRADUS_CODE_LENGTHS, "%s takes %d %%", "cosine", 120),
                     GRADUS_ERROR_SPEC);
    assert_int_equal(error.line, 2);
    assert_int_equal(error.column, 3);
    assert_int_equal(error.length, 6);
    assert_string_equal(error.message, "cosine takes 120 %");
    error = (gradus_error){0};
    place.source = 2;
    assert_int_equal(gradus_spec_fail(&error, text, place, GRADUS_CODE_OUT_OF_RANGE, "too much"), GRADUS_ERROR_RANGE);
    assert_int_equal(error.line, 0);
    assert_int_equal(error.source, 2);
    assert_int_equal(gradus_spec_fail(NULL, text, place, GRADUS_CODE_LENGTHS, "x"), GRADUS_ERROR_SPEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes), cmocka_unit_test(test_offsets_are_bytes_and_columns_code_points),
        cmocka_unit_test(test_errors_are_sticky_and_optional), cmocka_unit_test(test_rooms_place_their_own_errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
