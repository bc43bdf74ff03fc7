/* What walks over the rows of a table share: rows that are whole, fields, gaps, numbers. */
#ifndef GRADUS_DATA_CSV_WALK_H
#define GRADUS_DATA_CSV_WALK_H
#include "csv_table.h"

void gradus_table_rewind(gradus_table_file *file);                    /* before the first row */
bool gradus_table_next(gradus_table_file *file, gradus_error *error); /* false: no more, or *error says why */
const gradus_csv_field *gradus_table_field(const gradus_table_file *file, int32_t column);
bool gradus_table_gap(const gradus_table *table, const gradus_csv_field *field);
bool gradus_table_number(const gradus_table_file *file, int32_t column, double *number, gradus_error *error);
/* Fills in what the set says of itself that follows from its table: shape, target, classes, scales. */
gradus_status gradus_table_describe(gradus_data *data, gradus_error *error);
void gradus_table_save(const gradus_data *data, gradus_state_writer *writer);
gradus_status gradus_table_recall(gradus_data *data, gradus_state_reader *state, gradus_error *error);

gradus_status gradus_csv_no_memory(const gradus_csv *csv, gradus_error *error);

#endif
