/* Convolutions on oneDNN: direct, in the library's blocks of channels, which stay from layer to layer. Primitives are made for one
 * thread and for a number of examples; as many as there are threads run at once, each on a worker of its own. */
#include <string.h>
#include "backend_dnnl.h"
#include "gradus/base.h"
#include "winograd.h"

enum { PASSES = 3 };

typedef struct worker_memory { /* of one worker: memory whose address is set before each run */
    dnnl_memory_t input, output, weights, turned, bias, scratch[PASSES];
} worker_memory;

typedef struct sized_plan { /* for one number of examples */
    gradus_description input, output;
    dnnl_primitive_t primitive[PASSES];
    worker_memory *workers;
} sized_plan;

typedef struct winograd { /* in place of the library's passes */
    bool chosen;
    gradus_winograd forward, backward; /* backward: from the gradient of the output to that of the input */
    float *weights, *turned;           /* turned: as the gradient of the input needs them */
    int64_t size;                      /* values of each */
} winograd;

struct gradus_convolution {
    gradus_backend *backend;
    gradus_convolution_config config;
    dnnl_format_tag_t input_order, output_order;
    gradus_description weights, turned, bias; /* turned: as the gradient of the input needs them; NULL: just so */
    dnnl_primitive_t turn;
    dnnl_memory_t turn_from, turn_to;
    float *turned_values;
    size_t turned_size;
    bool slow; /* the library has nothing but reference code for some pass */
    winograd winograd;
    sized_plan *plans; /* plans[count]; config.most + 1 of them */
};

/* ---- orders ---- */

typedef struct channel_order {
    dnnl_format_tag_t tag;
    int64_t width; /* 0: all channels */
    const char *name;
} channel_order;
static const channel_order orders[] = {
    {dnnl_nChw16c, 16, "nChw16c"}, {dnnl_nChw8c, 8, "nChw8c"}, {dnnl_nchw, 1, "nchw"}, {dnnl_nhwc, 0, "nhwc"}};
enum { ORDERS = sizeof orders / sizeof *orders };

/* Of filters x channels x height x width; the last six with groups in front. */
static const channel_order weight_orders[] = {{dnnl_OIhw16i16o, 0, "OIhw16i16o"},
                                              {dnnl_OIhw8i8o, 0, "OIhw8i8o"},
                                              {dnnl_Ohwi16o, 0, "Ohwi16o"},
                                              {dnnl_Ohwi8o, 0, "Ohwi8o"},
                                              {dnnl_Oihw16o, 0, "Oihw16o"},
                                              {dnnl_oihw, 0, "oihw"},
                                              {dnnl_hwio, 0, "hwio"},
                                              {dnnl_ohwi, 0, "ohwi"},
                                              {dnnl_Ohwi32o, 0, "Ohwi32o"},
                                              {dnnl_Ohwi64o, 0, "Ohwi64o"},
                                              {dnnl_goihw, 0, "goihw"},
                                              {dnnl_Goihw16g, 0, "Goihw16g"},
                                              {dnnl_Goihw8g, 0, "Goihw8g"},
                                              {dnnl_gOIhw16i16o, 0, "gOIhw16i16o"},
                                              {dnnl_gOIhw8i8o, 0, "gOIhw8i8o"},
                                              {dnnl_hwigo, 0, "hwigo"}};
enum { WEIGHT_ORDERS = sizeof weight_orders / sizeof *weight_orders };

static bool lies_as(gradus_description_seen seen, gradus_description wanted)
{
    const bool same = wanted && dnnl_memory_desc_equal(seen, wanted);
    gradus_dnnl_forget(wanted);
    return same;
}

static dnnl_format_tag_t order_of(gradus_form at, int64_t channels)
{
    for (int i = 0; i < ORDERS; i++)
        if (orders[i].width == at.width) return orders[i].tag;
    return at.width == channels ? dnnl_nhwc : dnnl_format_tag_undef;
}

static gradus_form form_of(const channel_order *order, int64_t channels, int64_t pixels)
{
    const int64_t width = order->width ? order->width : channels;
    return (gradus_form){(channels + width - 1) / width, pixels, width};
}

/* ---- primitive descriptions ---- */

static gradus_description describe_input(const gradus_convolution_config *config, int64_t count,
                                         dnnl_format_tag_t order)
{
    return gradus_dnnl_describe(4, (int64_t[]){count, config->channels, config->input[0], config->input[1]}, order);
}

static gradus_description describe_output(const gradus_convolution_config *config, int64_t count,
                                          dnnl_format_tag_t order)
{
    return gradus_dnnl_describe(4, (int64_t[]){count, config->filters, config->output[0], config->output[1]}, order);
}

/* Groups are a dimension in front, where there is more than one. */
static gradus_description describe_weights(const gradus_convolution_config *config, dnnl_format_tag_t order)
{
    const int64_t groups = config->groups;
    const int64_t sizes[] = {groups, config->filters / groups, config->channels / groups, config->size[0],
                             config->size[1]};
    return groups > 1 ? gradus_dnnl_describe(5, sizes, order) : gradus_dnnl_describe(4, sizes + 1, order);
}

static dnnl_status_t describe_pass(const gradus_convolution *convolution, gradus_convolution_pass pass,
                                   gradus_description input, gradus_description weights, gradus_description output,
                                   dnnl_primitive_desc_t hint, dnnl_primitive_desc_t *made)
{
    const gradus_convolution_config *config = &convolution->config;
    gradus_convolution_request request = {
        .pass = pass, .input = input, .weights = weights, .bias = convolution->bias, .output = output, .hint = hint};
    for (int i = 0; i < 2; i++) {
        request.stride[i] = config->stride[i];
        request.dilation[i] = config->dilation[i] - 1;
        request.before[i] = config->before[i];
        request.after[i] = config->after[i];
    }
    return gradus_dnnl_convolution(convolution->backend, &request, made);
}

/* A way to lay out output and weights. Slow: the library has nothing but its reference code for it, or the output would not fill
 * one block, for which the next convolution gets nothing better. */
typedef struct layout {
    const channel_order *order; /* NULL: one that the loops around it do not know */
    gradus_description weights;
    bool slow, reference;
} layout;

static bool is_reference(const_dnnl_primitive_desc_t made)
{
    const char *name = "";
    return dnnl_primitive_desc_query(made, dnnl_query_impl_info_str, 0, &name) || !strncmp(name, "ref", 3);
}

/* Whether a backward pass is at its reference code, or at none, with the forward one's layout. */
static bool is_slow(const gradus_convolution *convolution, gradus_convolution_pass pass, gradus_description input,
                    const layout *found, gradus_description output, gradus_description any_weights,
                    dnnl_primitive_desc_t forward)
{
    dnnl_primitive_desc_t made = NULL;
    gradus_description weights = pass == BACKWARD_INPUT ? any_weights : found->weights;
    const bool slow = describe_pass(convolution, pass, input, weights, output, forward, &made) || is_reference(made);
    if (made) dnnl_primitive_desc_destroy(made);
    return slow;
}

static dnnl_status_t look_at(const gradus_convolution *convolution, gradus_description input,
                             gradus_description any_weights, gradus_description output, layout *found)
{
    const gradus_convolution_config *config = &convolution->config;
    gradus_description weights = config->like ? config->like->weights : any_weights;
    dnnl_primitive_desc_t made = NULL;
    dnnl_status_t status = describe_pass(convolution, FORWARD, input, weights, output, NULL, &made);
    if (status) return status;
    const_dnnl_primitive_desc_t forward = made;
    gradus_description given = gradus_dnnl_describe_again(dnnl_primitive_desc_query_md(forward, dnnl_query_dst_md, 0));
    found->weights = gradus_dnnl_describe_again(dnnl_primitive_desc_query_md(forward, dnnl_query_weights_md, 0));
    if (!given || !found->weights) status = dnnl_out_of_memory;
    for (int i = 0; i < ORDERS && !status && !found->order; i++)
        if (lies_as(given, describe_output(config, config->most, orders[i].tag))) found->order = &orders[i];
    if (!status)
        found->reference =
            is_reference(forward) || is_slow(convolution, BACKWARD_WEIGHTS, input, found, given, any_weights, made) ||
            (config->input_gradient && is_slow(convolution, BACKWARD_INPUT, input, found, given, any_weights, made));
    found->slow = found->reference || !found->order || found->order->width > config->filters;
    gradus_dnnl_forget(given);
    dnnl_primitive_desc_destroy(made);
    return status;
}

/* As the library likes it; if that is slow, or unknown here, in plain order. */
static dnnl_status_t choose_orders(gradus_convolution *convolution, gradus_form *to)
{
    static const dnnl_format_tag_t tags[] = {dnnl_format_tag_any, dnnl_nchw};
    const gradus_convolution_config *config = &convolution->config;
    gradus_description in = describe_input(config, config->most, convolution->input_order);
    gradus_description any_weights = describe_weights(config, dnnl_format_tag_any);
    dnnl_status_t status = in && any_weights ? dnnl_success : dnnl_out_of_memory;
    layout chosen = {.slow = true};
    for (int i = 0; i < 2 && !status && chosen.slow; i++) {
        layout found = {0};
        gradus_description out = describe_output(config, config->most, tags[i]);
        status = out ? look_at(convolution, in, any_weights, out, &found) : dnnl_out_of_memory;
        gradus_dnnl_forget(out);
        const bool better = !status && found.order && (!chosen.order || !found.slow);
        gradus_dnnl_forget(better ? chosen.weights : found.weights);
        if (better) chosen = found;
    }
    if (!status) {
        convolution->output_order = chosen.order->tag;
        *to = form_of(chosen.order, config->filters, config->output[0] * config->output[1]);
        convolution->weights = chosen.weights;
        convolution->slow = chosen.reference;
    } else {
        gradus_dnnl_forget(chosen.weights);
    }
    gradus_dnnl_forget(in);
    gradus_dnnl_forget(any_weights);
    return status;
}

/* ---- life ---- */

/* Memory for weights as a pass needs them; NULL: none. */
static void *get_turned(const gradus_convolution *convolution, size_t bytes)
{
    void *memory = gradus_allocate(NULL, bytes);
    if (memory) convolution->backend->turned_bytes += bytes;
    return memory;
}

static void give_back(const gradus_convolution *convolution, void *memory, size_t bytes)
{
    if (memory) convolution->backend->turned_bytes -= bytes;
    gradus_release(NULL, memory, bytes);
}

static dnnl_status_t choose_winograd(gradus_convolution *convolution, gradus_form from, gradus_form to)
{
    winograd *at = &convolution->winograd;
    at->chosen =
        gradus_winograd_suits(&convolution->config, from, to, gradus_convolution_layout(convolution), &at->forward);
    if (!at->chosen) return dnnl_success;
    at->backward = gradus_winograd_mirrored(&at->forward);
    at->size = gradus_winograd_turned(&at->forward);
    at->weights = get_turned(convolution, (size_t)at->size * sizeof *at->weights);
    if (convolution->config.input_gradient) at->turned = get_turned(convolution, (size_t)at->size * sizeof *at->turned);
    return at->weights && (at->turned || !convolution->config.input_gradient) ? dnnl_success : dnnl_out_of_memory;
}

gradus_convolution *gradus_convolution_create(gradus_backend *backend, const gradus_convolution_config *config,
                                              gradus_form from, gradus_form *to, gradus_error *error)
{
    if (gradus_failed(error)) return NULL;
    gradus_convolution *made = gradus_allocate(NULL, sizeof *made);
    dnnl_status_t status = made ? dnnl_success : dnnl_out_of_memory;
    if (!status) {
        made->backend = backend;
        made->config = *config;
        made->input_order = order_of(from, config->channels);
        made->plans = gradus_allocate(NULL, (size_t)(config->most + 1) * sizeof *made->plans);
        if (config->bias) made->bias = gradus_dnnl_describe(1, &config->filters, dnnl_x);
        if (!made->plans || (config->bias && !made->bias)) status = dnnl_out_of_memory;
    }
    const int32_t threads = gradus_backend_set_threads(1);
    if (!status) status = choose_orders(made, to);
    if (!status) status = choose_winograd(made, from, *to);
    if (made) made->config.like = NULL; /* which may not live as long */
    gradus_backend_set_threads(threads);
    if (!gradus_dnnl_fail(error, status, "convolve")) return made;
    gradus_convolution_destroy(made);
    return NULL;
}

static void destroy_plan(sized_plan *plan, int32_t workers)
{
    gradus_dnnl_forget(plan->input);
    gradus_dnnl_forget(plan->output);
    for (int pass = 0; pass < PASSES; pass++)
        if (plan->primitive[pass]) dnnl_primitive_destroy(plan->primitive[pass]);
    for (int32_t i = 0; plan->workers && i < workers; i++) {
        const worker_memory *worker = &plan->workers[i];
        dnnl_memory_t all[] = {worker->input, worker->output,     worker->weights,    worker->turned,
                               worker->bias,  worker->scratch[0], worker->scratch[1], worker->scratch[2]};
        for (size_t k = 0; k < sizeof all / sizeof *all; k++)
            if (all[k]) dnnl_memory_destroy(all[k]);
    }
    gradus_release(NULL, plan->workers, (size_t)workers * sizeof *plan->workers);
}

void gradus_convolution_destroy(gradus_convolution *convolution)
{
    if (!convolution) return;
    for (int64_t i = 0; convolution->plans && i <= convolution->config.most; i++)
        destroy_plan(&convolution->plans[i], convolution->backend->workers);
    gradus_release(NULL, convolution->plans, (size_t)(convolution->config.most + 1) * sizeof *convolution->plans);
    if (convolution->turn) dnnl_primitive_destroy(convolution->turn);
    if (convolution->turn_from) dnnl_memory_destroy(convolution->turn_from);
    if (convolution->turn_to) dnnl_memory_destroy(convolution->turn_to);
    give_back(convolution, convolution->turned_values, convolution->turned_size);
    give_back(convolution, convolution->winograd.weights, (size_t)convolution->winograd.size * sizeof(float));
    give_back(convolution, convolution->winograd.turned, (size_t)convolution->winograd.size * sizeof(float));
    gradus_dnnl_forget(convolution->weights);
    gradus_dnnl_forget(convolution->turned);
    gradus_dnnl_forget(convolution->bias);
    gradus_release(NULL, convolution, sizeof *convolution);
}

/* ---- weights ---- */

bool gradus_convolution_is_slow(const gradus_convolution *convolution) { return convolution->slow; }

int64_t gradus_convolution_weights(const gradus_convolution *convolution)
{
    return (int64_t)(dnnl_memory_desc_get_size(convolution->weights) / sizeof(float));
}

const char *gradus_convolution_layout(const gradus_convolution *convolution)
{
    for (int i = 0; i < WEIGHT_ORDERS; i++)
        if (lies_as(convolution->weights, describe_weights(&convolution->config, weight_orders[i].tag)))
            return weight_orders[i].name;
    return "blocked";
}

static dnnl_status_t make_reorder(const gradus_backend *backend, gradus_description_seen from,
                                  gradus_description_seen to, dnnl_primitive_t *made)
{
    dnnl_primitive_desc_t what = NULL;
    dnnl_status_t status = dnnl_reorder_primitive_desc_create(&what, from, backend->engine, to, backend->engine, NULL);
    if (!status) status = dnnl_primitive_create(made, what);
    if (what) dnnl_primitive_desc_destroy(what);
    return status;
}

static dnnl_status_t reorder(const gradus_backend *backend, gradus_description_seen from, const float *source,
                             gradus_description_seen to, float *target)
{
    dnnl_primitive_t move = NULL;
    dnnl_memory_t in = NULL, out = NULL;
    dnnl_status_t status = make_reorder(backend, from, to, &move);
    if (!status) status = dnnl_memory_create(&in, from, backend->engine, (void *)(uintptr_t)source);
    if (!status) status = dnnl_memory_create(&out, to, backend->engine, target);
    if (!status)
        status = dnnl_primitive_execute(move, backend->streams[0], 2,
                                        (dnnl_exec_arg_t[]){{DNNL_ARG_FROM, in}, {DNNL_ARG_TO, out}});
    if (in) dnnl_memory_destroy(in);
    if (out) dnnl_memory_destroy(out);
    if (move) dnnl_primitive_destroy(move);
    return status;
}

static bool convert(const gradus_convolution *convolution, bool read, const float *source, float *target)
{
    const gradus_convolution_config *config = &convolution->config;
    gradus_description plain = describe_weights(config, config->groups > 1 ? dnnl_goihw : dnnl_oihw);
    const int32_t threads = gradus_backend_set_threads(1);
    const dnnl_status_t status = !plain ? dnnl_out_of_memory
                                 : read ? reorder(convolution->backend, convolution->weights, source, plain, target)
                                        : reorder(convolution->backend, plain, source, convolution->weights, target);
    gradus_backend_set_threads(threads);
    gradus_dnnl_forget(plain);
    return status == dnnl_success;
}

bool gradus_convolution_read(const gradus_convolution *convolution, const float *weights, float *plain)
{
    return convert(convolution, true, weights, plain);
}

bool gradus_convolution_write(const gradus_convolution *convolution, const float *plain, float *weights)
{
    return convert(convolution, false, plain, weights);
}

static dnnl_status_t make_turn(gradus_convolution *convolution, gradus_description_seen wanted)
{
    if (convolution->turned || dnnl_memory_desc_equal(convolution->weights, wanted)) return dnnl_success;
    const dnnl_engine_t engine = convolution->backend->engine;
    convolution->turned_size = dnnl_memory_desc_get_size(wanted);
    convolution->turned_values = get_turned(convolution, convolution->turned_size);
    convolution->turned = gradus_dnnl_describe_again(wanted);
    if (!convolution->turned_values || !convolution->turned) return dnnl_out_of_memory;
    dnnl_status_t status = make_reorder(convolution->backend, convolution->weights, wanted, &convolution->turn);
    if (!status) status = dnnl_memory_create(&convolution->turn_from, convolution->weights, engine, NULL);
    if (!status) status = dnnl_memory_create(&convolution->turn_to, wanted, engine, convolution->turned_values);
    return status;
}

void gradus_convolution_turn(gradus_convolution *convolution, const float *weights, bool backward)
{
    const winograd *at = &convolution->winograd;
    if (at->chosen) {
        const gradus_kernels *kernels = convolution->config.kernels;
        float *room = convolution->backend->scratch[0];
        kernels->winograd_turn(&at->forward, false, weights, at->weights, room);
        if (backward && at->turned) kernels->winograd_turn(&at->forward, true, weights, at->turned, room);
    }
    if (!convolution->turn || !backward) return;
    dnnl_status_t status = dnnl_memory_set_data_handle(convolution->turn_from, (void *)(uintptr_t)weights);
    if (!status)
        status = dnnl_primitive_execute(
            convolution->turn, convolution->backend->streams[0], 2,
            (dnnl_exec_arg_t[]){{DNNL_ARG_FROM, convolution->turn_from}, {DNNL_ARG_TO, convolution->turn_to}});
    if (status) atomic_store(&convolution->backend->failed, true);
}

/* ---- plans ---- */

static dnnl_status_t make_arguments(gradus_convolution *convolution, sized_plan *plan,
                                    const dnnl_primitive_desc_t *made)
{
    const dnnl_engine_t engine = convolution->backend->engine;
    dnnl_status_t status = dnnl_success;
    for (int32_t i = 0; i < convolution->backend->workers && !status; i++) {
        worker_memory *worker = &plan->workers[i];
        status = dnnl_memory_create(&worker->input, plan->input, engine, NULL);
        if (!status) status = dnnl_memory_create(&worker->output, plan->output, engine, NULL);
        if (!status) status = dnnl_memory_create(&worker->weights, convolution->weights, engine, NULL);
        if (!status && convolution->bias) status = dnnl_memory_create(&worker->bias, convolution->bias, engine, NULL);
        if (!status && convolution->turned)
            status = dnnl_memory_create(&worker->turned, convolution->turned, engine, convolution->turned_values);
        for (int pass = 0; pass < PASSES && !status; pass++)
            if (made[pass])
                status = dnnl_memory_create(&worker->scratch[pass],
                                            dnnl_primitive_desc_query_md(made[pass], dnnl_query_scratchpad_md, 0),
                                            engine, NULL);
    }
    return status;
}

static dnnl_status_t describe_passes(gradus_convolution *convolution, sized_plan *plan, dnnl_primitive_desc_t *made)
{
    gradus_description any = describe_weights(&convolution->config, dnnl_format_tag_any);
    dnnl_status_t status = any ? dnnl_success : dnnl_out_of_memory;
    if (!status)
        status =
            describe_pass(convolution, FORWARD, plan->input, convolution->weights, plan->output, NULL, &made[FORWARD]);
    if (!status)
        status = describe_pass(convolution, BACKWARD_WEIGHTS, plan->input, convolution->weights, plan->output,
                               made[FORWARD], &made[BACKWARD_WEIGHTS]);
    if (!status && convolution->config.input_gradient) {
        status =
            describe_pass(convolution, BACKWARD_INPUT, plan->input, convolution->turned ? convolution->turned : any,
                          plan->output, made[FORWARD], &made[BACKWARD_INPUT]);
        if (!status)
            status =
                make_turn(convolution, dnnl_primitive_desc_query_md(made[BACKWARD_INPUT], dnnl_query_weights_md, 0));
    }
    gradus_dnnl_forget(any);
    return status;
}

static gradus_status ready_winograd(const gradus_convolution *convolution, gradus_error *error)
{
    const int64_t forward = gradus_winograd_room(&convolution->winograd.forward),
                  backward = gradus_winograd_room(&convolution->winograd.backward);
    return gradus_dnnl_scratch(convolution->backend, (size_t)(forward > backward ? forward : backward) * sizeof(float),
                               error);
}

static size_t scratch_of(const_dnnl_primitive_desc_t made)
{
    gradus_description_seen wanted = dnnl_primitive_desc_query_md(made, dnnl_query_scratchpad_md, 0);
    return wanted ? dnnl_memory_desc_get_size(wanted) : 0;
}

gradus_status gradus_convolution_ready(gradus_convolution *convolution, int64_t count, gradus_error *error)
{
    sized_plan *plan = &convolution->plans[count];
    if (gradus_failed(error)) return (gradus_status)error->status;
    if (convolution->winograd.chosen) return ready_winograd(convolution, error);
    if (plan->workers) return GRADUS_OK;
    const int32_t threads = gradus_backend_set_threads(1);
    dnnl_primitive_desc_t made[PASSES] = {NULL};
    plan->input = describe_input(&convolution->config, count, convolution->input_order);
    plan->output = describe_output(&convolution->config, count, convolution->output_order);
    dnnl_status_t status = plan->input && plan->output ? dnnl_success : dnnl_out_of_memory;
    if (!status) status = describe_passes(convolution, plan, made);
    for (int pass = 0; pass < PASSES && !status; pass++)
        if (made[pass]) status = dnnl_primitive_create(&plan->primitive[pass], made[pass]);
    plan->workers = gradus_allocate(NULL, (size_t)convolution->backend->workers * sizeof *plan->workers);
    if (!status) status = plan->workers ? make_arguments(convolution, plan, made) : dnnl_out_of_memory;
    gradus_backend_set_threads(threads);
    gradus_dnnl_fail(error, status, "convolve");
    for (int pass = 0; pass < PASSES; pass++) {
        if (made[pass] && !gradus_failed(error))
            gradus_dnnl_scratch(convolution->backend, scratch_of(made[pass]), error);
        if (made[pass]) dnnl_primitive_desc_destroy(made[pass]);
    }
    if (!gradus_failed(error)) return GRADUS_OK;
    destroy_plan(plan, convolution->backend->workers);
    memset(plan, 0, sizeof *plan);
    return (gradus_status)error->status;
}

/* ---- runs ---- */

typedef struct address {
    dnnl_memory_t memory;
    const float *values;
} address;

static void execute(const gradus_convolution *convolution, gradus_convolution_pass pass, int32_t worker, int64_t count,
                    const address *addresses, const dnnl_exec_arg_t *given, int arguments)
{
    gradus_backend *backend = convolution->backend;
    dnnl_status_t status = dnnl_success;
    for (int i = 0; i < arguments && !status; i++)
        if (addresses[i].memory)
            status = dnnl_memory_set_data_handle(addresses[i].memory, (void *)(uintptr_t)addresses[i].values);
    if (!status)
        status = dnnl_primitive_execute(convolution->plans[count].primitive[pass], backend->streams[worker], arguments,
                                        given);
    if (status) atomic_store(&backend->failed, true);
}

void gradus_convolution_forward(const gradus_convolution *convolution, int32_t worker, int64_t count,
                                const float *input, const float *weights, const float *bias, float *output)
{
    const winograd *own = &convolution->winograd;
    if (own->chosen) {
        convolution->config.kernels->winograd_forward(&own->forward, count, input, own->weights, bias, output,
                                                      convolution->backend->scratch[worker]);
        return;
    }
    const worker_memory *at = &convolution->plans[count].workers[worker];
    const dnnl_memory_t scratch = at->scratch[FORWARD];
    execute(convolution, FORWARD, worker, count,
            (address[]){{at->input, input},
                        {at->weights, weights},
                        {at->output, output},
                        {scratch, convolution->backend->scratch[worker]},
                        {at->bias, bias}},
            (dnnl_exec_arg_t[]){{DNNL_ARG_SRC, at->input},
                                {DNNL_ARG_WEIGHTS, at->weights},
                                {DNNL_ARG_DST, at->output},
                                {DNNL_ARG_SCRATCHPAD, scratch},
                                {DNNL_ARG_BIAS, at->bias}},
            at->bias ? 5 : 4);
}

void gradus_convolution_backward_input(const gradus_convolution *convolution, int32_t worker, int64_t count,
                                       const float *weights, const float *output_gradient, float *input_gradient)
{
    const winograd *own = &convolution->winograd;
    if (own->chosen) {
        convolution->config.kernels->winograd_forward(&own->backward, count, output_gradient, own->turned, NULL,
                                                      input_gradient, convolution->backend->scratch[worker]);
        return;
    }
    const worker_memory *at = &convolution->plans[count].workers[worker];
    const dnnl_memory_t scratch = at->scratch[BACKWARD_INPUT], turned = at->turned ? at->turned : at->weights;
    execute(convolution, BACKWARD_INPUT, worker, count,
            (address[]){{at->input, input_gradient},
                        {turned, at->turned ? convolution->turned_values : weights},
                        {at->output, output_gradient},
                        {scratch, convolution->backend->scratch[worker]}},
            (dnnl_exec_arg_t[]){{DNNL_ARG_DIFF_SRC, at->input},
                                {DNNL_ARG_WEIGHTS, turned},
                                {DNNL_ARG_DIFF_DST, at->output},
                                {DNNL_ARG_SCRATCHPAD, scratch}},
            4);
}

void gradus_convolution_backward_weights(const gradus_convolution *convolution, int32_t worker, int64_t count,
                                         const float *input, const float *output_gradient, float *weights_gradient,
                                         float *bias_gradient)
{
    const winograd *own = &convolution->winograd;
    if (own->chosen) {
        convolution->config.kernels->winograd_backward_weights(
            &own->forward, count, input, output_gradient, weights_gradient, convolution->bias ? bias_gradient : NULL,
            convolution->backend->scratch[worker]);
        return;
    }
    const worker_memory *at = &convolution->plans[count].workers[worker];
    const dnnl_memory_t scratch = at->scratch[BACKWARD_WEIGHTS];
    execute(convolution, BACKWARD_WEIGHTS, worker, count,
            (address[]){{at->input, input},
                        {at->weights, weights_gradient},
                        {at->output, output_gradient},
                        {scratch, convolution->backend->scratch[worker]},
                        {at->bias, bias_gradient}},
            (dnnl_exec_arg_t[]){{DNNL_ARG_SRC, at->input},
                                {DNNL_ARG_DIFF_WEIGHTS, at->weights},
                                {DNNL_ARG_DIFF_DST, at->output},
                                {DNNL_ARG_SCRATCHPAD, scratch},
                                {DNNL_ARG_DIFF_BIAS, at->bias}},
            at->bias ? 5 : 4);
}
