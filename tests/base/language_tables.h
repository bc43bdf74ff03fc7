/* Small tables in the manner of the real ones, for the tests of the language: they use each kind, flag and column at least once,
 * and take every text of the shared must_parse list, whichever rooms exist yet. */
#ifndef GRADUS_TESTS_LANGUAGE_TABLES_H
#define GRADUS_TESTS_LANGUAGE_TABLES_H
#include <math.h>
#include <string.h>
#include "gradus/spec.h"

#define ROWS           (const gradus_argument[])
#define MEMBER(title)  static const gradus_member title##_member
#define OPTIONAL_NAMED (GRADUS_OPTIONAL | GRADUS_NAMED)

/* ---- schedule ---- */

MEMBER(constant) = {.name = "constant"};
MEMBER(hold) = {.name = "hold",
                .arguments = ROWS{{.name = "length", .kind = GRADUS_LENGTH, .flags = GRADUS_OPTIONAL}, {0}}};
MEMBER(warmup) = {
    .name = "warmup",
    .also = "burn_in",
    .arguments = ROWS{{.name = "length", .kind = GRADUS_LENGTH, .high = INFINITY, .search = "choice(1%, 5%)"},
                      {.name = "from", .kind = GRADUS_SHARE, .high = 1, .flags = OPTIONAL_NAMED},
                      {0}}};
MEMBER(cosine) = {
    .name = "cosine",
    .also = "annealing",
    .arguments = ROWS{{.name = "length", .kind = GRADUS_LENGTH, .flags = GRADUS_OPTIONAL},
                      {.name = "to",
                       .kind = GRADUS_SHARE,
                       .initial = "0",
                       .high = INFINITY,
                       .flags = GRADUS_NAMED,
                       .also = "eta_min, min_lr"},
                      {.name = "from", .kind = GRADUS_SHARE, .initial = "1", .high = INFINITY, .flags = GRADUS_NAMED},
                      {.name = "past",
                       .kind = GRADUS_WORD,
                       .initial = "hold",
                       .words = "hold|repeat|mirror|error",
                       .flags = GRADUS_NAMED},
                      {0}},
    .like = (const gradus_like[]){
        {"torch", "CosineAnnealingLR", "T_max=length, eta_min=to absolute", "past=mirror"},
        {"timm", "CosineLRScheduler", "t_initial=length, k_decay=from inverse", "to=10%, length=2"},
        {"timm", "TanhLRScheduler", "t_initial=length, ub=floor, cycle=past hold|repeat", "to=20%"},
        {0}}};
MEMBER(linear) = {.name = "linear",
                  .arguments = ROWS{{.name = "length", .kind = GRADUS_LENGTH, .flags = GRADUS_OPTIONAL},
                                    {.name = "from", .kind = GRADUS_SHARE, .initial = "1", .flags = GRADUS_NAMED},
                                    {.name = "to", .kind = GRADUS_SHARE, .initial = "0", .flags = GRADUS_NAMED},
                                    {0}}};
MEMBER(decay) = {
    .name = "decay",
    .arguments = ROWS{
        {.name = "length", .kind = GRADUS_LENGTH, .flags = GRADUS_OPTIONAL},
        {.name = "shape", .kind = GRADUS_WORD, .initial = "linear", .words = "linear|cosine|1-sqrt|1-square"},
        {0}}};
MEMBER(step) = {.name = "step",
                .arguments = ROWS{{.name = "every", .kind = GRADUS_LENGTH, .high = INFINITY, .open = "("},
                                  {.name = "factor", .kind = GRADUS_SHARE, .initial = "10%"},
                                  {0}}};
MEMBER(multistep) = {.name = "multistep",
                     .arguments = ROWS{{.name = "at", .kind = GRADUS_LENGTH, .flags = GRADUS_LIST},
                                       {.name = "factor", .kind = GRADUS_SHARE, .initial = "10%"},
                                       {0}}};
MEMBER(exponential) = {.name = "exponential",
                       .arguments = ROWS{{.name = "factor", .kind = GRADUS_SHARE},
                                         {.name = "every", .kind = GRADUS_LENGTH, .initial = "1ep"},
                                         {.name = "staircase", .kind = GRADUS_FLAG, .initial = "false"},
                                         {0}}};
MEMBER(cosine_restarts) = {
    .name = "cosine_restarts",
    .also = "sgdr",
    .arguments = ROWS{{.name = "every", .kind = GRADUS_LENGTH},
                      {.name = "multiply", .kind = GRADUS_NUMBER, .initial = "1", .low = 1, .high = INFINITY},
                      {.name = "decay", .kind = GRADUS_SHARE, .initial = "1"},
                      {.name = "warmup", .kind = GRADUS_LENGTH, .initial = "0"},
                      {.name = "limit", .kind = GRADUS_INTEGER, .flags = OPTIONAL_NAMED},
                      {0}}};
MEMBER(onecycle) = {.name = "onecycle",
                    .refuses = (const gradus_refusal[]){{"max", "the peak is the run's lr=%s"}, {0}},
                    .arguments = ROWS{{.name = "rise", .kind = GRADUS_LENGTH, .initial = "30%"},
                                      {.name = "start", .kind = GRADUS_SHARE, .initial = "4%"},
                                      {.name = "final", .kind = GRADUS_SHARE, .initial = "1e-4"},
                                      {0}}};
MEMBER(piecewise) = {.name = "piecewise",
                     .arguments = ROWS{{.name = "points", .kind = GRADUS_POINT, .flags = GRADUS_MANY},
                                       {.name = "interpolate",
                                        .kind = GRADUS_WORD,
                                        .initial = "none",
                                        .words = "none|linear|cosine",
                                        .flags = GRADUS_NAMED},
                                       {0}}};
MEMBER(repeat) = {.name = "repeat",
                  .arguments = ROWS{{.name = "times", .kind = GRADUS_INTEGER, .low = 1, .high = 10000},
                                    {.name = "body", .kind = GRADUS_PIPELINE},
                                    {.name = "shrink", .kind = GRADUS_SHARE, .initial = "1"},
                                    {0}}};
MEMBER(product) = {.name = "product",
                   .arguments = ROWS{{.name = "parts", .kind = GRADUS_PIPELINE, .flags = GRADUS_MANY}, {0}}};
MEMBER(inverse_sqrt) = {.name = "inverse_sqrt"};
MEMBER(noise) = {.name = "noise",
                 .arguments = ROWS{{.name = "body", .kind = GRADUS_PIPELINE},
                                   {.name = "size", .kind = GRADUS_SHARE},
                                   {.name = "seed", .kind = GRADUS_INTEGER, .initial = "0"},
                                   {.name = "from", .kind = GRADUS_LENGTH, .initial = "0"},
                                   {.name = "to", .kind = GRADUS_LENGTH, .initial = "100%"},
                                   {0}}};
MEMBER(table) = {.name = "table",
                 .arguments = ROWS{{.name = "file", .kind = GRADUS_TEXT},
                                   {.name = "column", .kind = GRADUS_TEXT, .flags = OPTIONAL_NAMED},
                                   {.name = "interpolate", .kind = GRADUS_FLAG, .initial = "false"},
                                   {0}}};
MEMBER(linear_decay) = {
    .name = "linear_decay",
    .arguments = ROWS{{.name = "linear"}, {.name = "decay"}, {.name = "no_such"}, {.name = "linear"}, {0}}};

static const gradus_family schedule_table = {
    .name = "schedule",
    .flags = GRADUS_CHAIN,
    .members = (const gradus_member *const[]){&constant_member, &cosine_member, &cosine_restarts_member, &decay_member,
                                              &exponential_member, &hold_member, &inverse_sqrt_member, &linear_member,
                                              &multistep_member, &noise_member, &onecycle_member, &piecewise_member,
                                              &product_member, &repeat_member, &step_member, &table_member,
                                              &warmup_member, NULL},
    .common = ROWS{{.name = "length", .kind = GRADUS_LENGTH, .flags = OPTIONAL_NAMED},
                   {.name = "floor", .kind = GRADUS_SHARE, .initial = "0", .flags = GRADUS_NAMED},
                   {0}},
    .phrases = (const gradus_member *const[]){&linear_decay_member, NULL}};

/* ---- feedback ---- */

MEMBER(plateau) = {
    .name = "plateau",
    .also = "reduce_on_plateau",
    .arguments = ROWS{{.name = "metric", .kind = GRADUS_METRIC, .initial = "val_loss"},
                      {.name = "patience", .kind = GRADUS_INTEGER, .initial = "10", .high = INFINITY},
                      {.name = "factor", .kind = GRADUS_SHARE, .initial = "10%"},
                      {.name = "threshold", .kind = GRADUS_SHARE, .initial = "1e-4"},
                      {.name = "least", .kind = GRADUS_SHARE, .initial = "0", .flags = GRADUS_NAMED},
                      {0}},
    .like = (const gradus_like[]){{"torch", "ReduceLROnPlateau", "min_lr=least absolute", "least=1e-8 absolute"},
                                  {"keras", "ReduceLROnPlateau", "", "least=1e-6 absolute, factor=4 inverse"},
                                  {0}}};
MEMBER(guard) = {
    .name = "guard",
    .arguments = ROWS{{.name = "z", .kind = GRADUS_NUMBER, .initial = "8", .high = INFINITY, .open = "("},
                      {.name = "backoff", .kind = GRADUS_SHARE, .initial = "0.5"},
                      {.name = "action", .kind = GRADUS_WORD, .initial = "roll_back", .words = "roll_back|skip|stop"},
                      {0}}};
MEMBER(slope) = {.name = "slope",
                 .arguments = ROWS{{.name = "window", .kind = GRADUS_LENGTH},
                                   {.name = "confidence", .kind = GRADUS_SHARE, .initial = "51%"},
                                   {.name = "factor", .kind = GRADUS_SHARE, .initial = "0.1"},
                                   {0}},
                 .like = (const gradus_like[]){{"dlib", "dnn_trainer", "", NULL}, {0}}};
MEMBER(derivative_notch) = {.name = "derivative_notch",
                            .arguments = ROWS{{.name = "factors", .kind = GRADUS_NUMBER, .flags = GRADUS_LIST},
                                              {.name = "threshold", .kind = GRADUS_NUMBER, .initial = "0"},
                                              {0}}};
MEMBER(hypergradient) = {.name = "hypergradient",
                         .arguments = ROWS{{.name = "rule", .kind = GRADUS_WORD, .initial = "sgd", .words = "sgd|adam"},
                                           {.name = "rate", .kind = GRADUS_NUMBER, .initial = "1e-7"},
                                           {.name = "low", .kind = GRADUS_SHARE, .initial = "0"},
                                           {.name = "high", .kind = GRADUS_SHARE, .initial = "100"},
                                           {0}}};

static const gradus_family feedback_table = {
    .name = "feedback",
    .flags = GRADUS_CHAIN,
    .members = (const gradus_member *const[]){&derivative_notch_member, &guard_member, &hypergradient_member,
                                              &plateau_member, &slope_member, NULL}};

/* ---- optimizer ---- */

#define MOMENTUM                                                                                                      \
    {                                                                                                                 \
        .name = "momentum", .kind = GRADUS_NUMBER, .initial = "0", .high = 1, .open = ")", .flags = GRADUS_SCHEDULED, \
        .search = "uniform(0.8, 0.99)"                                                                                \
    }
#define DECAY                                                                                                       \
    {                                                                                                               \
        .name = "weight_decay", .kind = GRADUS_NUMBER, .initial = "0", .high = INFINITY, .flags = GRADUS_SCHEDULED, \
        .search = "loguniform(1e-4, 1)", .also = "wd"                                                               \
    }
#define BETAS                                                                              \
    {.name = "beta1", .kind = GRADUS_NUMBER, .initial = "0.9", .high = 1, .open = ")"},    \
    {                                                                                      \
        .name = "beta2", .kind = GRADUS_NUMBER, .initial = "0.999", .high = 1, .open = ")" \
    }

MEMBER(sgd) = {
    .name = "sgd",
    .arguments = ROWS{MOMENTUM,
                      {.name = "nesterov", .kind = GRADUS_FLAG, .initial = "false"},
                      DECAY,
                      {.name = "decay", .kind = GRADUS_WORD, .initial = "coupled", .words = "coupled|decoupled"},
                      {0}}};
static const gradus_refusal betas[] = {{"betas", "write beta1= and beta2="}, {0}};
MEMBER(adam) = {.name = "adam", .arguments = ROWS{BETAS, DECAY, {0}}, .refuses = betas};
MEMBER(adamw) = {.name = "adamw", .arguments = ROWS{BETAS, DECAY, {0}}, .refuses = betas};
MEMBER(radam) = {.name = "radam", .arguments = ROWS{BETAS, {0}}};
MEMBER(muon) = {
    .name = "muon",
    .arguments = ROWS{
        MOMENTUM,
        {.name = "nesterov", .kind = GRADUS_FLAG, .initial = "true"},
        {.name = "other", .kind = GRADUS_PIPELINE, .initial = "adamw(weight_decay=0.1)", .flags = GRADUS_NAMED},
        {0}}};
MEMBER(sam) = {.name = "sam",
               .arguments = ROWS{{.name = "inner", .kind = GRADUS_PIPELINE},
                                 {.name = "rho", .kind = GRADUS_NUMBER, .initial = "0.05"},
                                 {0}}};
MEMBER(lookahead) = {.name = "lookahead",
                     .arguments = ROWS{{.name = "inner", .kind = GRADUS_PIPELINE},
                                       {.name = "every", .kind = GRADUS_INTEGER, .initial = "5"},
                                       {0}}};
MEMBER(schedule_free) = {.name = "schedule_free",
                         .arguments = ROWS{{.name = "inner", .kind = GRADUS_PIPELINE},
                                           {.name = "beta", .kind = GRADUS_NUMBER, .initial = "0.9"},
                                           {.name = "warmup", .kind = GRADUS_LENGTH, .initial = "0"},
                                           {0}}};

static const gradus_family optimizer_table = {
    .name = "optimizer",
    .flags = GRADUS_NO_POSITIONAL,
    .members = (const gradus_member *const[]){&adam_member, &adamw_member, &lookahead_member, &muon_member,
                                              &radam_member, &sam_member, &schedule_free_member, &sgd_member, NULL},
    .common = ROWS{{.name = "state", .kind = GRADUS_WORD, .initial = "float32", .words = "float32|8bit|bfloat16"}, {0}},
    .refuses = (const gradus_refusal[]){
        {"lr", "the rate is the run's own setting: lr=%s"}, {"", "the rate is the run's own setting: lr=%s"}, {0}}};

/* ---- gradient, average, group ---- */

MEMBER(skip_nonfinite) = {.name = "skip_nonfinite",
                          .arguments = ROWS{{.name = "most", .kind = GRADUS_INTEGER, .initial = "5"}, {0}}};
MEMBER(accumulate) = {.name = "accumulate",
                      .arguments = ROWS{{.name = "updates", .kind = GRADUS_INTEGER, .low = 1, .high = INFINITY}, {0}}};
MEMBER(clip_norm) = {
    .name = "clip_norm",
    .refuses = (const gradus_refusal[]){{"max_norm", "the limit is the first value: clip_norm(%s)"}, {0}},
    .arguments = ROWS{
        {.name = "limit", .kind = GRADUS_NUMBER, .high = INFINITY, .open = "("},
        {.name = "order", .kind = GRADUS_NUMBER, .initial = "2", .low = 1, .high = INFINITY, .words = "inf"},
        {0}}};
MEMBER(centralize) = {.name = "centralize"};
static const gradus_family gradient_table = {
    .name = "gradient",
    .flags = GRADUS_CHAIN,
    .members = (const gradus_member *const[]){&accumulate_member, &centralize_member, &clip_norm_member,
                                              &skip_nonfinite_member, NULL}};

MEMBER(swa) = {.name = "swa",
               .arguments = ROWS{{.name = "every", .kind = GRADUS_LENGTH},
                                 {.name = "from", .kind = GRADUS_LENGTH, .initial = "50%"},
                                 {0}}};
static const gradus_family average_table = {.name = "average",
                                            .members = (const gradus_member *const[]){&swa_member, NULL}};

MEMBER(match) = {
    .name = "match",
    .arguments = ROWS{{.name = "pattern", .kind = GRADUS_TEXT}, {0}},
    .refuses = (const gradus_refusal[]){{"lr", "write lr_scale=%s"}, {0}},
    .open = ROWS{{.name = "weight_decay", .kind = GRADUS_NUMBER}, {.name = "lr_scale", .kind = GRADUS_NUMBER}, {0}}};
MEMBER(layer_decay) = {.name = "layer_decay", .arguments = ROWS{{.name = "factor", .kind = GRADUS_SHARE}, {0}}};
MEMBER(freeze) = {.name = "freeze",
                  .arguments = ROWS{{.name = "pattern", .kind = GRADUS_TEXT},
                                    {.name = "until", .kind = GRADUS_LENGTH, .flags = GRADUS_OPTIONAL},
                                    {0}}};
static const gradus_family group_table = {
    .name = "group",
    .flags = GRADUS_CHAIN,
    .members = (const gradus_member *const[]){&freeze_member, &layer_decay_member, &match_member, NULL}};

/* ---- model, init, loss ---- */

#define SIZE(title, start, least)                                                                                     \
    {                                                                                                                 \
        .name = title, .kind = GRADUS_INTEGER, .initial = start, .low = least, .high = INFINITY, .flags = GRADUS_LIST \
    }
#define PLAIN(title) MEMBER(title) = {.name = #title}

MEMBER(dense) = {
    .name = "dense",
    .also = "linear, fully_connected",
    .arguments =
        ROWS{{.name = "units", .kind = GRADUS_INTEGER, .low = 1, .high = INFINITY, .search = "int(16, 1024, log)"},
             {.name = "bias", .kind = GRADUS_FLAG, .initial = "true"},
             {.name = "init", .kind = GRADUS_PIPELINE, .family = "init", .flags = OPTIONAL_NAMED},
             {.name = "tie", .kind = GRADUS_TEXT, .flags = GRADUS_REFERENCE | GRADUS_NAMED},
             {0}},
    .refuses = (const gradus_refusal[]){{"", "input sizes are inferred; write dense(%s)"}, {0}}};
MEMBER(conv) = {.name = "conv",
                .arguments = ROWS{{.name = "channels", .kind = GRADUS_INTEGER, .low = 1, .high = INFINITY},
                                  SIZE("kernel", NULL, 1),
                                  SIZE("stride", "1", 1),
                                  {.name = "pad",
                                   .kind = GRADUS_INTEGER,
                                   .initial = "0",
                                   .high = INFINITY,
                                   .flags = GRADUS_LIST | GRADUS_NAMED,
                                   .words = "same"},
                                  {.name = "bias", .kind = GRADUS_FLAG, .initial = "true"},
                                  {0}}};
MEMBER(maxpool) = {.name = "maxpool", .arguments = ROWS{SIZE("size", NULL, 1), {0}}};
MEMBER(avgpool) = {.name = "avgpool", .arguments = ROWS{SIZE("size", NULL, 1), {0}}};
MEMBER(upsample) = {.name = "upsample", .arguments = ROWS{{.name = "factor", .kind = GRADUS_INTEGER}, {0}}};
MEMBER(dropout) = {
    .name = "dropout",
    .arguments = ROWS{{.name = "rate", .kind = GRADUS_SHARE, .initial = "50%", .high = 1, .open = ")"}, {0}}};
MEMBER(residual) = {
    .name = "residual",
    .arguments = ROWS{{.name = "body", .kind = GRADUS_PIPELINE},
                      {.name = "shortcut", .kind = GRADUS_PIPELINE, .initial = "none", .flags = GRADUS_NAMED},
                      {.name = "activation", .kind = GRADUS_PIPELINE, .initial = "none", .flags = GRADUS_NAMED},
                      {0}}};
MEMBER(concat) = {.name = "concat",
                  .arguments = ROWS{{.name = "parts", .kind = GRADUS_PIPELINE, .flags = GRADUS_MANY}, {0}}};
MEMBER(outputs) = {.name = "outputs", .open = ROWS{{.name = "output", .kind = GRADUS_PIPELINE}, {0}}};
MEMBER(embedding) = {.name = "embedding", .arguments = ROWS{{.name = "size", .kind = GRADUS_INTEGER}, {0}}};
MEMBER(position) = {.name = "position", .arguments = ROWS{{.name = "size", .kind = GRADUS_INTEGER}, {0}}};
MEMBER(lstm) = {.name = "lstm",
                .arguments = ROWS{{.name = "units", .kind = GRADUS_INTEGER},
                                  {.name = "layers", .kind = GRADUS_INTEGER, .initial = "1"},
                                  {.name = "bidirectional", .kind = GRADUS_FLAG, .initial = "false"},
                                  {.name = "output", .kind = GRADUS_WORD, .initial = "all", .words = "all|last"},
                                  {0}}};
MEMBER(transformer) = {.name = "transformer",
                       .arguments = ROWS{{.name = "heads", .kind = GRADUS_INTEGER},
                                         {.name = "causal", .kind = GRADUS_FLAG, .initial = "false"},
                                         {.name = "dropout", .kind = GRADUS_SHARE, .initial = "0"},
                                         {0}}};
MEMBER(autoencoder) = {
    .name = "autoencoder",
    .arguments = ROWS{{.name = "sizes", .kind = GRADUS_INTEGER, .flags = GRADUS_LIST},
                      {.name = "activation", .kind = GRADUS_PIPELINE, .initial = "relu", .flags = GRADUS_NAMED},
                      {0}}};
MEMBER(layer_repeat) = {
    .name = "repeat",
    .arguments = ROWS{{.name = "times", .kind = GRADUS_INTEGER}, {.name = "body", .kind = GRADUS_PIPELINE}, {0}}};
PLAIN(batchnorm);
PLAIN(flatten);
PLAIN(globalavgpool);
PLAIN(identity);
PLAIN(layernorm);
PLAIN(relu);
PLAIN(softmax);
PLAIN(tanh);

static const gradus_family model_table = {
    .name = "model",
    .noun = "layer",
    .flags = GRADUS_CHAIN | GRADUS_REPEATS,
    .members =
        (const gradus_member *const[]){&autoencoder_member, &avgpool_member,       &batchnorm_member, &concat_member,
                                       &conv_member,        &dense_member,         &dropout_member,   &embedding_member,
                                       &flatten_member,     &globalavgpool_member, &identity_member,  &layernorm_member,
                                       &lstm_member,        &maxpool_member,       &outputs_member,   &position_member,
                                       &relu_member,        &layer_repeat_member,  &residual_member,  &softmax_member,
                                       &tanh_member,        &transformer_member,   &upsample_member,  NULL},
    .common = ROWS{{.name = "name", .kind = GRADUS_TEXT, .flags = GRADUS_LABEL | GRADUS_NAMED}, {0}}};

MEMBER(xavier) = {
    .name = "xavier",
    .arguments = ROWS{{.name = "distribution", .kind = GRADUS_WORD, .initial = "normal", .words = "normal|uniform"},
                      {0}}};
static const gradus_family init_table = {.name = "init",
                                         .members = (const gradus_member *const[]){&xavier_member, NULL}};

#define LOSS(title, ...)                                                                                        \
    MEMBER(title) = {.name = #title,                                                                            \
                     .arguments =                                                                               \
                         ROWS{__VA_ARGS__{.name = "output", .kind = GRADUS_TEXT, .flags = OPTIONAL_NAMED},      \
                              {.name = "weight", .kind = GRADUS_NUMBER, .initial = "1", .flags = GRADUS_NAMED}, \
                              {0}}}
LOSS(cross_entropy, {.name = "smoothing", .kind = GRADUS_SHARE, .initial = "0", .high = 1}, );
LOSS(binary_cross_entropy, );
LOSS(huber, {.name = "delta", .kind = GRADUS_NUMBER, .initial = "1", .high = INFINITY, .open = "("}, );
MEMBER(loss_sum) = {
    .name = "sum",
    .arguments = ROWS{
        {.name = "parts", .kind = GRADUS_PIPELINE, .flags = GRADUS_MANY},
        {.name = "balance", .kind = GRADUS_WORD, .initial = "none", .words = "none|uncertainty", .flags = GRADUS_NAMED},
        {0}}};
static const gradus_family loss_table = {.name = "loss",
                                         .members = (const gradus_member *const[]){&binary_cross_entropy_member,
                                                                                   &cross_entropy_member, &huber_member,
                                                                                   &loss_sum_member, NULL}};

/* ---- data, augment, stop, pruner ---- */

MEMBER(csv) = {.name = "csv",
               .arguments = ROWS{{.name = "file", .kind = GRADUS_TEXT},
                                 {.name = "target", .kind = GRADUS_TEXT, .flags = OPTIONAL_NAMED},
                                 {.name = "drop", .kind = GRADUS_TEXT, .flags = OPTIONAL_NAMED | GRADUS_LIST},
                                 {.name = "separator",
                                  .kind = GRADUS_TEXT,
                                  .initial = ",",
                                  .words = "tab",
                                  .search = "choice(\";\", tab)",
                                  .flags = GRADUS_NAMED},
                                 {.name = "missing", .kind = GRADUS_TEXT, .flags = OPTIONAL_NAMED},
                                 {.name = "header", .kind = GRADUS_FLAG, .initial = "true", .flags = GRADUS_NAMED},
                                 {0}}};
MEMBER(fashion) = {.name = "fashion-mnist",
                   .arguments = ROWS{{.name = "limit", .kind = GRADUS_INTEGER, .flags = OPTIONAL_NAMED}, {0}}};
MEMBER(folder) = {.name = "folder",
                  .arguments = ROWS{{.name = "path", .kind = GRADUS_TEXT},
                                    {.name = "size", .kind = GRADUS_INTEGER, .flags = OPTIONAL_NAMED | GRADUS_LIST},
                                    {.name = "channels", .kind = GRADUS_INTEGER, .initial = "3"},
                                    {0}}};
static inline const gradus_member *read_by_ending(const char *text)
{
    size_t length = strlen(text);
    return length > 4 && strcmp(text + length - 4, ".csv") == 0 ? &csv_member : NULL;
}
static const gradus_family data_table = {
    .name = "data",
    .noun = "data set",
    .members = (const gradus_member *const[]){&csv_member, &fashion_member, &folder_member, NULL},
    .reader = read_by_ending,
    .reader_noun = "reader"};

MEMBER(pad) = {.name = "pad",
               .arguments = ROWS{{.name = "size", .kind = GRADUS_INTEGER},
                                 {.name = "mode", .kind = GRADUS_WORD, .initial = "zero", .words = "zero|reflect"},
                                 {0}}};
MEMBER(crop) = {.name = "crop", .arguments = ROWS{{.name = "size", .kind = GRADUS_INTEGER}, {0}}};
MEMBER(flip) = {.name = "flip",
                .arguments = ROWS{{.name = "probability", .kind = GRADUS_SHARE, .initial = "50%"}, {0}}};
MEMBER(cutout) = {.name = "cutout", .arguments = ROWS{{.name = "size", .kind = GRADUS_INTEGER}, {0}}};
MEMBER(mixup) = {.name = "mixup", .arguments = ROWS{{.name = "alpha", .kind = GRADUS_NUMBER}, {0}}};
static const gradus_family augment_table = {
    .name = "augment",
    .noun = "augmentation",
    .flags = GRADUS_CHAIN,
    .members =
        (const gradus_member *const[]){&crop_member, &cutout_member, &flip_member, &mixup_member, &pad_member, NULL}};

MEMBER(patience) = {.name = "patience",
                    .arguments = ROWS{{.name = "metric", .kind = GRADUS_METRIC, .initial = "val_loss"},
                                      {.name = "looks", .kind = GRADUS_INTEGER, .initial = "10"},
                                      {0}}};
MEMBER(reach) = {
    .name = "reach",
    .arguments = ROWS{{.name = "metric", .kind = GRADUS_METRIC}, {.name = "value", .kind = GRADUS_SHARE}, {0}}};
MEMBER(time) = {.name = "time", .arguments = ROWS{{.name = "limit", .kind = GRADUS_LENGTH}, {0}}};
static const gradus_family stop_table = {
    .name = "stop",
    .flags = GRADUS_CHAIN,
    .members = (const gradus_member *const[]){&patience_member, &reach_member, &time_member, NULL}};

MEMBER(asha) = {.name = "asha",
                .arguments = ROWS{{.name = "reduction", .kind = GRADUS_INTEGER, .initial = "3"},
                                  {.name = "least", .kind = GRADUS_LENGTH, .initial = "1ep"},
                                  {.name = "most", .kind = GRADUS_LENGTH, .flags = OPTIONAL_NAMED},
                                  {.name = "resurrect", .kind = GRADUS_FLAG, .initial = "false"},
                                  {0}}};
static const gradus_family pruner_table = {.name = "pruner",
                                           .members = (const gradus_member *const[]){&asha_member, NULL}};

static const gradus_language small_language = {
    .families = (const gradus_family *const[]){&schedule_table, &feedback_table, &optimizer_table, &gradient_table,
                                               &average_table, &group_table, &model_table, &init_table, &loss_table,
                                               &data_table, &augment_table, &stop_table, &pruner_table, NULL}};

#endif
