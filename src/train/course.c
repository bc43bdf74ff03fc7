/* Two numbers by which runs are compared. Each is a sum over updates, so a resumed run comes to the same; changes are relative, because
 * a loss falls by orders of magnitude, and no single leap may outweigh the rest. */
#include "course.h"
#include <math.h>

enum { NUMBERS = 3, COUNTS = 4 };
enum { LOSS = 1, LEVEL = 2 };

static const double rounding = 1e-9; /* a level is a quotient of numbers that were rounded */

static void note_loss(gradus_course *course, double loss)
{
    if (!isfinite(loss)) return;
    double size = fabs(loss) + fabs(course->loss);
    if (course->begun & LOSS) {
        course->change += size > 0 ? 2 * fabs(loss - course->loss) / size : 0;
        course->changes++;
    }
    course->loss = loss;
    course->begun |= LOSS;
}

static void note_level(gradus_course *course, double level)
{
    double step = level - course->level;
    if (course->begun & LEVEL && fabs(step) > rounding * course->level) {
        int64_t direction = step > 0 ? 1 : -1;
        course->reversals += course->direction == -direction;
        course->direction = direction;
    }
    course->level = level;
    course->begun |= LEVEL;
}

void gradus_course_note(gradus_course *course, double loss, double rate, double schedule, bool limited)
{
    note_loss(course, loss);
    if (!limited && schedule > 0 && isfinite(rate / schedule)) note_level(course, rate / schedule);
}

void gradus_course_break(gradus_course *course) { course->begun &= ~(int64_t)LOSS; }

double gradus_course_volatility(const gradus_course *course)
{
    return course->changes ? course->change / (double)course->changes : NAN;
}

void gradus_course_save(const gradus_course *course, gradus_state_writer *writer)
{
    const double numbers[NUMBERS] = {course->loss, course->change, course->level};
    const int64_t counts[COUNTS] = {course->changes, course->reversals, course->direction, course->begun};
    gradus_state_entry(writer, "course.numbers", GRADUS_STATE_DOUBLE, NUMBERS, numbers);
    gradus_state_entry(writer, "course.counts", GRADUS_STATE_INT64, COUNTS, counts);
}

void gradus_course_load(gradus_course *course, gradus_state_reader *reader)
{
    double numbers[NUMBERS];
    int64_t counts[COUNTS];
    gradus_state_item item;
    *course = (gradus_course){0};
    if (!gradus_state_find(reader, "course.numbers", &item) || item.type != GRADUS_STATE_DOUBLE ||
        item.count != NUMBERS)
        return;
    gradus_state_copy(&item, numbers);
    if (!gradus_state_find(reader, "course.counts", &item) || item.type != GRADUS_STATE_INT64 || item.count != COUNTS)
        return;
    gradus_state_copy(&item, counts);
    *course = (gradus_course){numbers[0], numbers[1], numbers[2], counts[0], counts[1], counts[2], counts[3]};
}
