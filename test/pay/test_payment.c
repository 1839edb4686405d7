/* Tests of what a payment becomes of what is said of it, in whatever order and however often. */
#include "pay/pay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum { DUE = 300 };

static Payment due(Arena *arena) {
    Payment payment = {.id = STR("urn:ngsi-ld:Payment:x"), .amount = DUE, .paid_at = TIME_NONE};
    vec_push(arena, &payment.sessions, (PaySession){STR("s1"), 1, SESSION_OPEN});
    vec_push(arena, &payment.sessions, (PaySession){STR("s2"), 2, SESSION_OPEN});
    return payment;
}

static const PayEvent paid1 = {PAY_EVENT_PAID, {"e1", 2}, {"s1", 2}, {"p1", 2},
                               {"bank", 4},    DUE,       10,        {NULL, 0}};
static const PayEvent paid2 = {PAY_EVENT_PAID, {"e2", 2}, {"s2", 2}, {"p2", 2},
                               {"bank", 4},    DUE,       20,        {NULL, 0}};
static const PayEvent failed1 = {PAY_EVENT_FAILED, {"e3", 2}, {"s1", 2}, {NULL, 0},
                                 {"bank", 4},      0,         5,         {NULL, 0}};
static const PayEvent returned1 = {PAY_EVENT_RETURNED, {"e4", 2}, {NULL, 0}, {"p1", 2},
                                   {"bank", 4},        DUE,       30,        {NULL, 0}};

static size_t count(const Payment *payment, ReceiptState state) {
    size_t n = 0;
    VEC_EACH (const PayReceipt, receipt, &payment->receipts)
        n += receipt->state == state;
    return n;
}

static void the_same_again_changes_nothing(void **state) {
    Arena *arena = *state;
    Payment payment = due(arena);
    PayEvent asked = paid1, renamed = paid1;
    asked.id = STR_NONE; /* as the poll has it */
    renamed.id = STR("e9");
    assert_true(payment_fold(arena, &payment, &paid1));
    assert_false(payment_fold(arena, &payment, &paid1));
    assert_false(payment_fold(arena, &payment, &asked));
    assert_false(payment_fold(arena, &payment, &renamed));
    assert_int_equal(payment.state, PAY_PAID);
    assert_int_equal(payment.receipts.len, 1);
    assert_int_equal(payment.paid_at, 10);
    assert_true(str_eq(payment.channel, STR("bank")));
}

static void what_was_paid_stays_so_whatever_comes_late(void **state) {
    Arena *arena = *state;
    const PayEvent *orders[][2] = {{&paid1, &failed1}, {&failed1, &paid1}};
    for (size_t i = 0; i < 2; i++) {
        Payment payment = due(arena);
        for (size_t k = 0; k < 2; k++)
            (void)payment_fold(arena, &payment, orders[i][k]);
        assert_int_equal(payment.state, PAY_PAID);
        assert_int_equal(payment.sessions.items[0].state, SESSION_PAID);
    }
}

static void a_second_payment_is_put_up_to_go_back(void **state) {
    Arena *arena = *state;
    Payment payment = due(arena);
    (void)payment_fold(arena, &payment, &paid1);
    assert_true(payment_fold(arena, &payment, &paid2));
    assert_int_equal(payment.state, PAY_PAID);
    assert_int_equal(payment.receipts.items[1].state, RECEIPT_UNDECIDED);
    assert_true(str_eq(payment.receipts.items[1].why, STR("twice")));
}

static void what_comes_after_the_end_or_in_another_amount_is_kept_for_a_decision(void **state) {
    Arena *arena = *state;
    Payment ended = due(arena), other = due(arena);
    PayEvent less = paid1;
    ended.ended = STR("withdrawn");
    less.amount = DUE - 1;
    (void)payment_fold(arena, &ended, &paid1);
    assert_int_equal(ended.state, PAY_REFUNDING);
    assert_true(str_eq(ended.receipts.items[0].why, STR("ended")));
    (void)payment_fold(arena, &other, &less);
    assert_int_equal(other.state, PAY_REFUNDING);
    assert_true(str_eq(other.receipts.items[0].why, STR("amount")));
    assert_true(payment_fold(arena, &ended, &returned1));
    assert_int_equal(ended.state, PAY_REFUNDED);
}

static void what_goes_back_may_be_told_before_it_came(void **state) {
    Arena *arena = *state;
    Payment payment = due(arena);
    assert_true(payment_fold(arena, &payment, &returned1));
    assert_int_equal(count(&payment, RECEIPT_RETURNED), 1);
    (void)payment_fold(arena, &payment, &paid1);
    assert_int_equal(payment.receipts.len, 1);
    assert_int_equal(payment.state, PAY_INVOICED); /* it is due still */
}

static void what_never_came_counts_when_it_does(void **state) {
    Arena *arena = *state;
    Payment payment = due(arena);
    PayEvent again = paid1;
    again.id = STR("e8");
    (void)payment_fold(arena, &payment, &paid1);
    payment.receipts.items[0].state = RECEIPT_VOID;
    assert_true(payment_fold(arena, &payment, &again));
    assert_int_equal(payment.state, PAY_PAID);
    assert_int_equal(payment.receipts.len, 1);
}

static void a_refused_refund_is_to_be_decided_again(void **state) {
    Arena *arena = *state;
    Payment payment = due(arena);
    PayEvent refused = returned1;
    refused.kind = PAY_EVENT_NOT_RETURNED;
    refused.id = STR("e7");
    (void)payment_fold(arena, &payment, &paid1);
    assert_false(payment_fold(arena, &payment, &refused)); /* nothing was to go back */
    payment.receipts.items[0].state = RECEIPT_RETURNING;
    assert_true(payment_fold(
        arena, &payment,
        &(PayEvent){.kind = PAY_EVENT_NOT_RETURNED, .id = STR("e6"), .receipt = STR("p1")}));
    assert_int_equal(payment.receipts.items[0].state, RECEIPT_UNDECIDED);
}

/* Whatever is told in whatever order, each thing that came in is there once, and one is kept at
   most: 20 000 orders of eight sayings, some of them twice. */
static void a_reduced_fee_asks_for_what_is_left_and_for_what_came_in(void **state) {
    Arena *arena = *state;
    Payment payment = due(arena), before = due(arena), paid = due(arena);
    PayEvent rest = paid2;
    payment_reduce(&payment, 100);
    assert_int_equal(payment.state, PAY_INVOICED);
    assert_null(payment_open(&payment));     /* the provider's page asks for another amount, */
    assert_true(payment_may_come(&payment)); /* and may still be paid: it is asked about */
    assert_true(payment_fold(arena, &payment, &paid1));
    assert_int_equal(count(&payment, RECEIPT_UNDECIDED), 1);
    rest.amount = 100;
    assert_true(payment_fold(arena, &payment, &rest));
    assert_int_equal(payment.state, PAY_PAID);
    payment_reduce(&before, 0);
    assert_int_equal(before.state, PAY_WAIVED);
    (void)payment_fold(arena, &paid, &paid1);
    payment_reduce(&paid, 0);
    assert_int_equal(paid.state, PAY_REFUNDING);
    assert_true(str_eq(paid.receipts.items[0].why, STR("reduced")));
    PartPayDecide back = {.receipt = STR("p1"), .decision = PAY_RETURN};
    assert_true(payment_decide(&paid, &back));
    assert_true(payment_fold(arena, &paid, &returned1));
    assert_int_equal(paid.state, PAY_REFUNDED);
}

static void no_order_loses_or_doubles_anything(void **state) {
    Arena *arena = *state;
    const PayEvent *said[] = {&paid1, &paid2, &failed1, &paid1, &paid2, &failed1, &paid2, &paid1};
    enum { N = sizeof said / sizeof *said };
    srand(7);
    for (int round = 0; round < 20000; round++) {
        ArenaMark mark = arena_mark(arena);
        Payment payment = due(arena);
        for (size_t i = N - 1; i > 0; i--) {
            size_t k = (size_t)rand() % (i + 1);
            const PayEvent *held = said[i];
            said[i] = said[k];
            said[k] = held;
        }
        for (size_t i = 0; i < N; i++)
            (void)payment_fold(arena, &payment, said[i]);
        assert_int_equal(payment.receipts.len, 2);
        assert_int_equal(count(&payment, RECEIPT_KEPT), 1);
        assert_int_equal(count(&payment, RECEIPT_UNDECIDED), 1);
        assert_int_equal(payment.state, PAY_PAID);
        arena_rewind(arena, mark);
    }
}

static int set_up(void **state) {
    *state = arena_new(16 << 20);
    return 0;
}

static int tear_down(void **state) {
    arena_free(*state);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_again_changes_nothing),
        cmocka_unit_test(what_was_paid_stays_so_whatever_comes_late),
        cmocka_unit_test(a_second_payment_is_put_up_to_go_back),
        cmocka_unit_test(what_comes_after_the_end_or_in_another_amount_is_kept_for_a_decision),
        cmocka_unit_test(what_goes_back_may_be_told_before_it_came),
        cmocka_unit_test(what_never_came_counts_when_it_does),
        cmocka_unit_test(a_refused_refund_is_to_be_decided_again),
        cmocka_unit_test(a_reduced_fee_asks_for_what_is_left_and_for_what_came_in),
        cmocka_unit_test(no_order_loses_or_doubles_anything),
    };
    return cmocka_run_group_tests_name("pay payment", tests, set_up, tear_down);
}
