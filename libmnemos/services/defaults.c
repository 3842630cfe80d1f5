// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

#include <mnemos/defaults.h>

static const char *const shell_names[MN_DEFAULT_SHELLS] = {"forth-0", "forth-1", "forth-2",
                                                           "forth-3"};

// One function for each service, all of the same form, so that the order is a table.
typedef mn_status_t start_fn(mn_defaults_t *defaults, mn_registry_t *registry,
                             const mn_defaults_config_t *config);

static mn_status_t check(mn_defaults_t *defaults, mn_registry_t *registry,
                         const mn_defaults_config_t *config) {
    (void)defaults;
    (void)registry;
    const bool mux_needed = config->trace_enabled || config->loopback_enabled ||
                            config->hello_enabled || config->status_enabled || config->shells != 0;
    const bool valid = config->shells <= MN_DEFAULT_SHELLS &&
                       (config->serial_mux_enabled || !mux_needed) &&
                       config->shell.port <= UINT16_MAX - config->shells;
    return valid ? MN_OK : MN_EINVAL;
}

static mn_status_t start_trace(mn_defaults_t *defaults, mn_registry_t *registry,
                               const mn_defaults_config_t *config) {
    return config->trace_enabled ? mn_trace_start(&defaults->trace, registry, &config->trace)
                                 : MN_OK;
}

static mn_status_t start_mux(mn_defaults_t *defaults, mn_registry_t *registry,
                             const mn_defaults_config_t *config) {
    return config->serial_mux_enabled
               ? mn_serial_mux_start(registry, &config->serial_mux, &defaults->serial_mux)
               : MN_OK;
}

static mn_status_t start_loopback(mn_defaults_t *defaults, mn_registry_t *registry,
                                  const mn_defaults_config_t *config) {
    return config->loopback_enabled
               ? mn_loopback_start(registry, &config->loopback, &defaults->loopback)
               : MN_OK;
}

static mn_status_t start_hello(mn_defaults_t *defaults, mn_registry_t *registry,
                               const mn_defaults_config_t *config) {
    return config->hello_enabled ? mn_hello_start(registry, &config->hello, &defaults->hello)
                                 : MN_OK;
}

static mn_status_t start_status(mn_defaults_t *defaults, mn_registry_t *registry,
                                const mn_defaults_config_t *config) {
    return config->status_enabled ? mn_system_status_start(registry, &config->status,
                                                           defaults->trace.trace, &defaults->status)
                                  : MN_OK;
}

static mn_status_t start_forth(mn_defaults_t *defaults, mn_registry_t *registry,
                               const mn_defaults_config_t *config) {
    return (config->shells != 0) ? mn_forth_system_start(registry, &config->forth, &defaults->forth)
                                 : MN_OK;
}

static mn_status_t start_shells(mn_defaults_t *defaults, mn_registry_t *registry,
                                const mn_defaults_config_t *config) {
    mn_forth_shell_config_t shell = config->shell;
    (void)registry;
    mn_status_t status = MN_OK;
    for (unsigned i = 0; i < config->shells && status == MN_OK; i++) {
        status =
            mn_forth_shell_start(defaults->forth, &shell, shell_names[i], &defaults->shells[i]);
        shell.port++;
    }
    return status;
}

static const struct {
    const char *name;
    start_fn *start;
} steps[] = {
    {"configuration", check},      {"trace", start_trace},        {"serial mux", start_mux},
    {"loopback", start_loopback},  {"hello", start_hello},        {"status", start_status},
    {"forth system", start_forth}, {"forth shell", start_shells},
};

mn_status_t mn_defaults_start(mn_defaults_t *defaults, mn_registry_t *registry,
                              const mn_defaults_config_t *config, const char **failed) {
    const char *unused = NULL;
    failed = (failed == NULL) ? &unused : failed;
    *failed = NULL;
    *defaults = (mn_defaults_t){0};
    for (unsigned i = 0; i < MN_COUNT_OF(steps); i++) {
        mn_status_t status = steps[i].start(defaults, registry, config);
        if (status != MN_OK) {
            *failed = steps[i].name;
            mn_defaults_stop(defaults);
            return status;
        }
    }
    return MN_OK;
}

static void stop_task(mn_task_t **task) {
    if (*task != NULL) {
        mn_cancel_now(*task);
        mn_task_release(*task);
        *task = NULL;
    }
}

void mn_defaults_stop(mn_defaults_t *defaults) {
    for (unsigned i = MN_DEFAULT_SHELLS; i-- > 0;) {
        stop_task(&defaults->shells[i]);
    }
    if (defaults->forth != NULL) {
        mn_forth_system_stop(defaults->forth);
        defaults->forth = NULL;
    }
    stop_task(&defaults->status);
    stop_task(&defaults->hello);
    stop_task(&defaults->loopback);
    if (defaults->serial_mux != NULL) {
        mn_serial_mux_stop(defaults->serial_mux);
        defaults->serial_mux = NULL;
    }
    mn_trace_stop(&defaults->trace);
}
