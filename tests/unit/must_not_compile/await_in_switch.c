// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// A wait inside a switch of the poll function's own: its resume point would become a case of that
// switch, and the task would resume nowhere.
// expect: case value

#include <mnemos/task.h>

mn_status_t read_key(mn_task_t *task, int *key);
mn_status_t wait_in_switch(mn_task_t *task);

mn_status_t wait_in_switch(mn_task_t *task) {
    static int key;
    mn_status_t status;
    MN_BEGIN(task);
    switch (key) {
    case 'q':
        MN_AWAIT(status, read_key(task, &key));
        break;
    default:
        break;
    }
    MN_END();
}
