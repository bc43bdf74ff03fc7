/* protobuf: the wire format of Protocol Buffers, as far as files of ONNX need it: fields that are numbers, texts or bytes, and messages
 * inside of messages. A whole format library would be a dependency for what fits on a page. */
#ifndef GRADUS_NN_PROTOBUF_H
#define GRADUS_NN_PROTOBUF_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero is an empty one. Once memory is out, `failed` stays and nothing more is written. */
typedef struct gradus_protobuf {
    unsigned char *bytes;
    size_t size, room;
    bool failed;
} gradus_protobuf;

void gradus_protobuf_number(gradus_protobuf *to, int32_t field, int64_t number);
void gradus_protobuf_float(gradus_protobuf *to, int32_t field, float number);
void gradus_protobuf_text(gradus_protobuf *to, int32_t field, const char *text);
/* A field of `size` bytes, which the caller fills in at once; NULL: failed. */
unsigned char *gradus_protobuf_bytes(gradus_protobuf *to, int32_t field, size_t size);
/* What is written between the two is a message in a field of the one around it. */
size_t gradus_protobuf_open(gradus_protobuf *to, int32_t field);
void gradus_protobuf_close(gradus_protobuf *to, size_t opened);
void gradus_protobuf_release(gradus_protobuf *it);

#endif
