// Copyright (c) 2026 The libmnemos authors
// SPDX-License-Identifier: MIT OR Apache-2.0

// The instruction set: everything that the dispatch loop does itself. Words that are not here are
// C functions (instruction FN). X(id, name, in, out, operands, flags, help): cells taken from and
// left on the data stack, number of 16-bit operand units (255: the first unit counts them), flags
// of mnemos/forth_host.h. A name of "" cannot be
// found; its help is how `see` shows it: % a number, & a word, ^ an address, ~ the text. Otherwise
// the help line is the word's documentation.

#ifndef MN_FORTH_OPS_H
#define MN_FORTH_OPS_H

// Without a name: what the compiler makes.
#define MN__FORTH_HIDDEN_OPS(X)                                                              \
    X(HALT, "", 0, 0, 0, 0, "end of a line")                                                 \
    X(INTERPRET, "", 0, 0, 0, 0, "interpret one token, repeat")                              \
    X(LINE_DONE, "", 0, 0, 0, 0, "answer ok. and stop")                                      \
    X(EVAL_DONE, "", 0, 0, 0, 0, "back to the previous source")                              \
    X(TRAVERSE, "", 0, 0, 0, 0, "next name of traverse-wordlist")                            \
    X(CATCH_DONE, "", 0, 0, 0, 0, "drop a handler, push 0")                                  \
    X(FN, "", 0, 0, 1, 0, "call a C function: set and index")                                \
    X(LIT, "", 0, 1, 1, 0, "%")                 /* 16-bit signed number */                   \
    X(LIT32, "", 0, 1, 2, 0, "%")               /* 32-bit number */                          \
    X(CALL, "", 0, 0, 2, 0, "&")                /* call compiled code */                     \
    X(JUMP, "", 0, 0, 2, 0, "&")                /* tail call */                              \
    X(CREATED, "", 0, 1, 4, 0, "^")             /* body of a created word: address, does> */ \
    X(CREATED_REF, "", 0, 1, 2, 0, "&")         /* call of a created word */                 \
    X(DEFERRED, "", 0, 0, 2, 0, "^ @ execute")  /* execute the token stored at an address */ \
    X(DOES, "", 0, 0, 0, 0, "does>")            /* rest of the definition becomes does> */   \
    X(BRANCH, "", 0, 0, 1, 0, "else")           /* forward */                                \
    X(BACK, "", 0, 0, 1, 0, "again")            /* backward branch */                        \
    X(ZBRANCH, "", 1, 0, 1, 0, "if")            /* forward if zero */                        \
    X(ZBACK, "", 1, 0, 1, 0, "until")           /* backward if zero */                       \
    X(DO, "", 2, 0, 0, 0, "do")                 /* begin a counted loop */                   \
    X(QDO, "", 2, 0, 1, 0, "?do")               /* begin, or branch if nothing to do */      \
    X(LOOP, "", 0, 0, 1, 0, "loop")             /* next turn */                              \
    X(PLUS_LOOP, "", 1, 0, 1, 0, "+loop")       /* next turn with a step */                  \
    X(LEAVE, "", 0, 0, 1, 0, "leave")           /* unloop and branch */                      \
    X(OF, "", 2, 1, 1, 0, "of")                 /* drop both if equal, else branch */        \
    X(PRINT, "", 0, 0, 255, 0, ".\" ~\"")       /* type the text that follows */             \
    X(ABORTQ, "", 1, 0, 255, 0, "abort\" ~\"")  /* throw -2 with the text if true */         \
    X(FETCH_AT, "", 0, 1, 2, 0, "^ @")          /* fetch from an address */                  \
    X(STORE_AT, "", 1, 0, 2, 0, "^ !")          /* store at an address */                    \
    X(ADD_AT, "", 1, 0, 2, 0, "^ +!")           /* add to the cell at an address */          \
    X(LOCALS, "", 0, 0, 1, 0, "{locals}")       /* make locals: from the stack, and unset */ \
    X(LOCALS_END, "", 0, 0, 0, 0, "{end}")      /* drop the locals */                        \
    X(LGET, "", 0, 1, 1, 0, "local%")           /* fetch a local */                          \
    X(LSET, "", 1, 0, 1, 0, "to local%")        /* store a local */                          \
    X(ADD_I, "", 1, 1, 1, 0, "% +")             /* add a number */                           \
    X(MUL_I, "", 1, 1, 1, 0, "% *")             /* multiply by a number */                   \
    X(AND_I, "", 1, 1, 1, 0, "% and")           /* and with a number */                      \
    X(EQ_I, "", 1, 1, 1, 0, "% =")              /* equal to a number */                      \
    X(LT_I, "", 1, 1, 1, 0, "% <")              /* less than a number */                     \
    X(GT_I, "", 1, 1, 1, 0, "% >")              /* greater than a number */                  \
    X(EQ_Z, "", 2, 0, 1, 0, "= if")             /* branch unless equal */                    \
    X(NE_Z, "", 2, 0, 1, 0, "<> if")            /* branch unless different */                \
    X(LT_Z, "", 2, 0, 1, 0, "< if")             /* branch unless less */                     \
    X(GT_Z, "", 2, 0, 1, 0, "> if")             /* branch unless greater */                  \
    X(ZEQ_Z, "", 1, 0, 1, 0, "0= if")           /* branch unless zero */                     \
    X(EQ_I_Z, "", 1, 0, 2, 0, "% = if")         /* branch unless equal to a number */        \
    X(LT_I_Z, "", 1, 0, 2, 0, "% < if")         /* branch unless less than a number */       \
    X(GT_I_Z, "", 1, 0, 2, 0, "% > if")         /* branch unless greater than a number */    \
    X(DUP_Z, "", 1, 1, 1, 0, "dup if")          /* branch if zero, keeping it */             \
    X(DUP_LT_I_Z, "", 1, 1, 2, 0, "dup % < if") /* the same without taking the number */     \
    X(DUP_EQ_I_Z, "", 1, 1, 2, 0, "dup % = if") /* the same without taking the number */     \
    X(OVER_ADD, "", 2, 2, 0, 0, "over +")                                                    \
    X(ADD_FETCH, "", 2, 1, 0, 0, "+ @")                                                      \
    X(ADD_CFETCH, "", 2, 1, 0, 0, "+ c@")                                                    \
    X(I_ADD, "", 1, 1, 0, 0, "i +")                                                          \
    X(I_FETCH, "", 0, 1, 0, 0, "i @")                                                        \
    X(I_CFETCH, "", 0, 1, 0, 0, "i c@")                                                      \
    X(CELLS_ADD, "", 2, 1, 0, 0, "cells +")                                                  \
    X(DUP_FETCH, "", 1, 2, 0, 0, "dup @")                                                    \
    X(SWAP_SUB, "", 2, 1, 0, 0, "swap -")                                                    \
    X(DUP_ADD_I, "", 1, 2, 1, 0, "dup % +") /* dup and add a number */                       \
    X(ADD_I_FETCH, "", 1, 1, 1, 0, "% + @") /* add a number and fetch */

#define MN__FORTH_NAMED_OPS(X)                                                               \
    X(EXIT, "exit", 0, 0, 0, MN_FORTH_COMPILE_ONLY, "( -- ) leave the word")                 \
    X(EXECUTE, "execute", 1, 0, 0, 0, "( xt -- ) run the word xt")                           \
    X(DUP, "dup", 1, 2, 0, 0, "( x -- x x )")                                                \
    X(DROP, "drop", 1, 0, 0, 0, "( x -- )")                                                  \
    X(SWAP, "swap", 2, 2, 0, 0, "( a b -- b a )")                                            \
    X(OVER, "over", 2, 3, 0, 0, "( a b -- a b a )")                                          \
    X(ROT, "rot", 3, 3, 0, 0, "( a b c -- b c a )")                                          \
    X(NROT, "-rot", 3, 3, 0, 0, "( a b c -- c a b )")                                        \
    X(NIP, "nip", 2, 1, 0, 0, "( a b -- b )")                                                \
    X(TUCK, "tuck", 2, 3, 0, 0, "( a b -- b a b )")                                          \
    X(QDUP, "?dup", 1, 2, 0, 0, "( x -- 0 | x x ) copy unless zero")                         \
    X(TWO_DUP, "2dup", 2, 4, 0, 0, "( a b -- a b a b )")                                     \
    X(TWO_DROP, "2drop", 2, 0, 0, 0, "( a b -- )")                                           \
    X(TWO_SWAP, "2swap", 4, 4, 0, 0, "( a b c d -- c d a b )")                               \
    X(TWO_OVER, "2over", 4, 6, 0, 0, "( a b c d -- a b c d a b )")                           \
    X(PICK, "pick", 1, 1, 0, 0, "( ... n -- ... x ) copy the n-th cell, 0 is the top")       \
    X(DEPTH, "depth", 0, 1, 0, 0, "( -- n ) cells on the stack")                             \
    X(TO_R, ">r", 1, 0, 0, 0, "( x -- ) ( R: -- x )")                                        \
    X(R_FROM, "r>", 0, 1, 0, 0, "( -- x ) ( R: x -- )")                                      \
    X(R_FETCH, "r@", 0, 1, 0, 0, "( -- x ) ( R: x -- x )")                                   \
    X(TWO_TO_R, "2>r", 2, 0, 0, 0, "( a b -- ) ( R: -- a b )")                               \
    X(TWO_R_FROM, "2r>", 0, 2, 0, 0, "( -- a b ) ( R: a b -- )")                             \
    X(TWO_R_FETCH, "2r@", 0, 2, 0, 0, "( -- a b ) ( R: a b -- a b )")                        \
    X(RDROP, "rdrop", 0, 0, 0, 0, "( -- ) ( R: x -- )")                                      \
    X(I, "i", 0, 1, 0, 0, "( -- n ) counter of the loop")                                    \
    X(I_LIMIT, "i'", 0, 1, 0, 0, "( -- n ) limit of the loop")                               \
    X(J, "j", 0, 1, 0, 0, "( -- n ) counter of the loop around")                             \
    X(UNLOOP, "unloop", 0, 0, 0, 0, "( -- ) forget the loop before exit")                    \
    X(ADD, "+", 2, 1, 0, 0, "( a b -- a+b )")                                                \
    X(SUB, "-", 2, 1, 0, 0, "( a b -- a-b )")                                                \
    X(MUL, "*", 2, 1, 0, 0, "( a b -- a*b )")                                                \
    X(DIV, "/", 2, 1, 0, 0, "( a b -- a/b ) rounded towards zero")                           \
    X(MOD, "mod", 2, 1, 0, 0, "( a b -- r ) remainder with the sign of a")                   \
    X(DIVMOD, "/mod", 2, 2, 0, 0, "( a b -- r q ) remainder and quotient")                   \
    X(INC, "1+", 1, 1, 0, 0, "( n -- n+1 )")                                                 \
    X(DEC, "1-", 1, 1, 0, 0, "( n -- n-1 )")                                                 \
    X(TWO_MUL, "2*", 1, 1, 0, 0, "( n -- n*2 ) shift left by one")                           \
    X(TWO_DIV, "2/", 1, 1, 0, 0, "( n -- n/2 ) shift right by one, keeping the sign")        \
    X(CELLS, "cells", 1, 1, 0, 0, "( n -- n*4 ) bytes of n cells")                           \
    X(CELL_INC, "cell+", 1, 1, 0, 0, "( addr -- addr+4 )")                                   \
    X(NEGATE, "negate", 1, 1, 0, 0, "( n -- -n )")                                           \
    X(ABS, "abs", 1, 1, 0, 0, "( n -- u ) absolute value")                                   \
    X(MIN, "min", 2, 1, 0, 0, "( a b -- n ) the lesser")                                     \
    X(MAX, "max", 2, 1, 0, 0, "( a b -- n ) the greater")                                    \
    X(AND, "and", 2, 1, 0, 0, "( a b -- a&b ) bit by bit")                                   \
    X(OR, "or", 2, 1, 0, 0, "( a b -- a|b ) bit by bit")                                     \
    X(XOR, "xor", 2, 1, 0, 0, "( a b -- a^b ) bit by bit")                                   \
    X(INVERT, "invert", 1, 1, 0, 0, "( x -- ~x ) every bit")                                 \
    X(LSHIFT, "lshift", 2, 1, 0, 0, "( x u -- x<<u ) 0 from 32 on")                          \
    X(RSHIFT, "rshift", 2, 1, 0, 0, "( x u -- x>>u ) without sign, 0 from 32 on")            \
    X(ARSHIFT, "arshift", 2, 1, 0, 0, "( n u -- n>>u ) with sign")                           \
    X(EQ, "=", 2, 1, 0, 0, "( a b -- flag )")                                                \
    X(NE, "<>", 2, 1, 0, 0, "( a b -- flag )")                                               \
    X(LT, "<", 2, 1, 0, 0, "( a b -- flag ) signed")                                         \
    X(GT, ">", 2, 1, 0, 0, "( a b -- flag ) signed")                                         \
    X(LE, "<=", 2, 1, 0, 0, "( a b -- flag ) signed")                                        \
    X(GE, ">=", 2, 1, 0, 0, "( a b -- flag ) signed")                                        \
    X(ULT, "u<", 2, 1, 0, 0, "( a b -- flag ) unsigned")                                     \
    X(UGT, "u>", 2, 1, 0, 0, "( a b -- flag ) unsigned")                                     \
    X(ZEQ, "0=", 1, 1, 0, 0, "( x -- flag ) is zero")                                        \
    X(ZNE, "0<>", 1, 1, 0, 0, "( x -- flag ) is not zero")                                   \
    X(ZLT, "0<", 1, 1, 0, 0, "( n -- flag ) is negative")                                    \
    X(ZGT, "0>", 1, 1, 0, 0, "( n -- flag ) is positive")                                    \
    X(NOT, "not", 1, 1, 0, 0, "( x -- flag ) is zero")                                       \
    X(WITHIN, "within", 3, 1, 0, 0, "( x lo hi -- flag ) lo <= x < hi on the number circle") \
    X(FETCH, "@", 1, 1, 0, 0, "( addr -- x ) read a cell")                                   \
    X(STORE, "!", 2, 0, 0, 0, "( x addr -- ) write a cell")                                  \
    X(CFETCH, "c@", 1, 1, 0, 0, "( addr -- char ) read a byte")                              \
    X(CSTORE, "c!", 2, 0, 0, 0, "( char addr -- ) write a byte")                             \
    X(ADD_STORE, "+!", 2, 0, 0, 0, "( n addr -- ) add to the cell at addr")                  \
    X(TWO_FETCH, "2@", 1, 2, 0, 0, "( addr -- lo hi ) read two cells")                       \
    X(TWO_STORE, "2!", 3, 0, 0, 0, "( lo hi addr -- ) write two cells")                      \
    X(COUNT, "count", 1, 2, 0, 0, "( addr -- addr+1 n ) text of a counted string")           \
    X(CHAR_INC, "char+", 1, 1, 0, 0, "( addr -- addr+1 )")                                   \
    X(CHARS, "chars", 1, 1, 0, 0, "( n -- n ) bytes of n characters")                        \
    X(ALIGNED, "aligned", 1, 1, 0, 0, "( addr -- addr' ) next multiple of 4")                \
    X(S_TO_D, "s>d", 1, 2, 0, 0, "( n -- d ) to a double")                                   \
    X(TRUE, "true", 0, 1, 0, 0, "( -- -1 )")                                                 \
    X(FALSE, "false", 0, 1, 0, 0, "( -- 0 )")                                                \
    X(BL, "bl", 0, 1, 0, 0, "( -- 32 ) a blank")

#define MN__FORTH_OPS(X)   \
    MN__FORTH_NAMED_OPS(X) \
    MN__FORTH_HIDDEN_OPS(X)

enum mn__forth_op {
#define MN__FORTH_OP_ENUM(id, name, in, out, operands, flags, help) MN__OP_##id,
    MN__FORTH_OPS(MN__FORTH_OP_ENUM)
#undef MN__FORTH_OP_ENUM
        MN__FORTH_OP_COUNT
};

#endif
