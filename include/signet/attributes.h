/* Compiler attributes and cleanup at the declaration (style: "Cleanup by attribute"). */
#ifndef SIGNET_ATTRIBUTES_H
#define SIGNET_ATTRIBUTES_H

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#define CLEANUP(function) __attribute__((cleanup(function)))

/*
 * Declares the cleanup function that AUTO_... macros of a pointer type use.
 * DEFINE_CLEANUP(X509 *, X509_free) makes X509_free_auto(X509 **), which accepts null.
 */
#define DEFINE_CLEANUP(type, function)                                                             \
    static inline void function##_auto(type *object)                                               \
    {                                                                                              \
        if (*object)                                                                               \
            function(*object);                                                                     \
    }                                                                                              \
    struct function##_cleanup_defined

/* Hands a pointer over to a new owner: yields it and leaves null behind. */
#define steal(pointer)                                                                             \
    __extension__({                                                                                \
        __typeof__(*(pointer)) stolen_ = *(pointer);                                               \
        *(pointer) = NULL;                                                                         \
        stolen_;                                                                                   \
    })

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

#endif
