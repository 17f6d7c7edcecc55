/* A PKCS#11 library that is SoftHSM2's until a file named by HANG_FILE exists: then C_Sign never returns. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long CK_RV;
/* Version (2 octets, padded) and 68 functions; C_Sign is the 44th (PKCS#11 v2.40 §4.5, pkcs11f.h). */
typedef struct { unsigned char version[8]; void *function[68]; } list_t;
enum { C_SIGN = 43 };

static list_t list;
static CK_RV (*real_sign)(unsigned long, void *, unsigned long, void *, unsigned long *);

static CK_RV hanging_sign(unsigned long session, void *data, unsigned long length, void *out, unsigned long *size) {
  const char *file = getenv("HANG_FILE");
  while (file != NULL && access(file, F_OK) == 0) pause();
  return real_sign(session, data, length, out, size);
}

CK_RV C_GetFunctionList(list_t **out) {
  void *library = dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW);
  CK_RV (*get)(list_t **) = (CK_RV (*)(list_t **))dlsym(library, "C_GetFunctionList");
  list_t *real;
  CK_RV result = get(&real);
  memcpy(&list, real, sizeof list);
  real_sign = (CK_RV (*)(unsigned long, void *, unsigned long, void *, unsigned long *))list.function[C_SIGN];
  list.function[C_SIGN] = (void *)hanging_sign;
  *out = &list;
  return result;
}
