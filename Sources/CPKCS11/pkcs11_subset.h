/* The part of PKCS#11 that is used here: names and values of OASIS "PKCS #11 Cryptographic Token Interface Base Specification
 * Version 2.40" and "Current Mechanisms Specification Version 2.40", written down from those texts. What a signature needs, and
 * nothing that writes to a token. Structures are laid out as the compiler does on Linux (base specification §2.1 asks for packing
 * on Windows alone). */
#pragma once
#include <stddef.h>

typedef unsigned char CK_BYTE;
typedef unsigned char CK_BBOOL;
typedef unsigned long CK_ULONG;
typedef CK_ULONG CK_RV;
typedef CK_ULONG CK_FLAGS;
typedef CK_ULONG CK_SLOT_ID;
typedef CK_ULONG CK_SESSION_HANDLE;
typedef CK_ULONG CK_OBJECT_HANDLE;

/* §3.1 */
typedef struct {
  CK_BYTE major;
  CK_BYTE minor;
} CK_VERSION;

/* §3.2 */
typedef struct {
  CK_BYTE slotDescription[64];
  CK_BYTE manufacturerID[32];
  CK_FLAGS flags;
  CK_VERSION hardwareVersion;
  CK_VERSION firmwareVersion;
} CK_SLOT_INFO;

typedef struct {
  CK_BYTE label[32];
  CK_BYTE manufacturerID[32];
  CK_BYTE model[16];
  CK_BYTE serialNumber[16];
  CK_FLAGS flags;
  CK_ULONG ulMaxSessionCount;
  CK_ULONG ulSessionCount;
  CK_ULONG ulMaxRwSessionCount;
  CK_ULONG ulRwSessionCount;
  CK_ULONG ulMaxPinLen;
  CK_ULONG ulMinPinLen;
  CK_ULONG ulTotalPublicMemory;
  CK_ULONG ulFreePublicMemory;
  CK_ULONG ulTotalPrivateMemory;
  CK_ULONG ulFreePrivateMemory;
  CK_VERSION hardwareVersion;
  CK_VERSION firmwareVersion;
  CK_BYTE utcTime[16];
} CK_TOKEN_INFO;

/* §3.4, §3.5 */
typedef struct {
  CK_ULONG type;
  void *pValue;
  CK_ULONG ulValueLen;
} CK_ATTRIBUTE;

typedef struct {
  CK_ULONG mechanism;
  void *pParameter;
  CK_ULONG ulParameterLen;
} CK_MECHANISM;

typedef struct {
  CK_ULONG ulMinKeySize;
  CK_ULONG ulMaxKeySize;
  CK_FLAGS flags;
} CK_MECHANISM_INFO;

typedef void (*CK_UNUSED)(void);

/* §3.6: in this order, up to the last one that is used; what a library has behind it is not looked at. */
typedef struct {
  CK_VERSION version;
  CK_RV (*C_Initialize)(void *arguments);
  CK_RV (*C_Finalize)(void *reserved);
  CK_UNUSED C_GetInfo;
  CK_UNUSED C_GetFunctionList;
  CK_RV (*C_GetSlotList)(CK_BBOOL withToken, CK_SLOT_ID *slots, CK_ULONG *count);
  CK_RV (*C_GetSlotInfo)(CK_SLOT_ID slot, CK_SLOT_INFO *info);
  CK_RV (*C_GetTokenInfo)(CK_SLOT_ID slot, CK_TOKEN_INFO *info);
  CK_UNUSED C_GetMechanismList;
  CK_RV (*C_GetMechanismInfo)(CK_SLOT_ID slot, CK_ULONG mechanism, CK_MECHANISM_INFO *info);
  CK_UNUSED C_InitToken;
  CK_UNUSED C_InitPIN;
  CK_UNUSED C_SetPIN;
  CK_RV (*C_OpenSession)(CK_SLOT_ID slot, CK_FLAGS flags, void *application, void *notify, CK_SESSION_HANDLE *session);
  CK_RV (*C_CloseSession)(CK_SESSION_HANDLE session);
  CK_UNUSED C_CloseAllSessions;
  CK_UNUSED C_GetSessionInfo;
  CK_UNUSED C_GetOperationState;
  CK_UNUSED C_SetOperationState;
  CK_RV (*C_Login)(CK_SESSION_HANDLE session, CK_ULONG user, const CK_BYTE *pin, CK_ULONG count);
  CK_RV (*C_Logout)(CK_SESSION_HANDLE session);
  CK_UNUSED C_CreateObject;
  CK_UNUSED C_CopyObject;
  CK_UNUSED C_DestroyObject;
  CK_UNUSED C_GetObjectSize;
  CK_RV (*C_GetAttributeValue)(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *template_, CK_ULONG count);
  CK_UNUSED C_SetAttributeValue;
  CK_RV (*C_FindObjectsInit)(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template_, CK_ULONG count);
  CK_RV (*C_FindObjects)(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG most, CK_ULONG *count);
  CK_RV (*C_FindObjectsFinal)(CK_SESSION_HANDLE session);
  CK_UNUSED C_EncryptInit;
  CK_UNUSED C_Encrypt;
  CK_UNUSED C_EncryptUpdate;
  CK_UNUSED C_EncryptFinal;
  CK_UNUSED C_DecryptInit;
  CK_UNUSED C_Decrypt;
  CK_UNUSED C_DecryptUpdate;
  CK_UNUSED C_DecryptFinal;
  CK_UNUSED C_DigestInit;
  CK_UNUSED C_Digest;
  CK_UNUSED C_DigestUpdate;
  CK_UNUSED C_DigestKey;
  CK_UNUSED C_DigestFinal;
  CK_RV (*C_SignInit)(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
  CK_RV (*C_Sign)(
      CK_SESSION_HANDLE session, const CK_BYTE *data, CK_ULONG count, CK_BYTE *signature, CK_ULONG *signatureCount);
} CK_FUNCTION_LIST;

#define CKF_SERIAL_SESSION 0x4UL

/* Of a token. */
#define CKF_LOGIN_REQUIRED 0x4UL
#define CKF_USER_PIN_INITIALIZED 0x8UL
#define CKF_TOKEN_INITIALIZED 0x400UL
#define CKF_USER_PIN_FINAL_TRY 0x20000UL
#define CKF_USER_PIN_LOCKED 0x40000UL

/* Of a mechanism. */
#define CKF_SIGN 0x800UL

#define CKU_USER 1UL
#define CKU_CONTEXT_SPECIFIC 2UL

#define CKO_CERTIFICATE 1UL
#define CKO_PRIVATE_KEY 3UL
#define CKK_RSA 0UL
#define CKK_EC 3UL

#define CKA_CLASS 0x0UL
#define CKA_VALUE 0x11UL
#define CKA_KEY_TYPE 0x100UL
#define CKA_ID 0x102UL
#define CKA_ALWAYS_AUTHENTICATE 0x202UL

#define CKM_RSA_PKCS 0x1UL
#define CKM_ECDSA 0x1041UL

#define CKR_OK 0x0UL
#define CKR_SLOT_ID_INVALID 0x3UL
#define CKR_GENERAL_ERROR 0x5UL
#define CKR_FUNCTION_FAILED 0x6UL
#define CKR_DEVICE_ERROR 0x30UL
#define CKR_DEVICE_REMOVED 0x32UL
#define CKR_KEY_TYPE_INCONSISTENT 0x63UL
#define CKR_KEY_FUNCTION_NOT_PERMITTED 0x68UL
#define CKR_MECHANISM_INVALID 0x70UL
#define CKR_PIN_INCORRECT 0xA0UL
#define CKR_PIN_INVALID 0xA1UL
#define CKR_PIN_LEN_RANGE 0xA2UL
#define CKR_PIN_EXPIRED 0xA3UL
#define CKR_PIN_LOCKED 0xA4UL
#define CKR_SESSION_CLOSED 0xB0UL
#define CKR_SESSION_HANDLE_INVALID 0xB3UL
#define CKR_TOKEN_NOT_PRESENT 0xE0UL
#define CKR_TOKEN_NOT_RECOGNIZED 0xE1UL
#define CKR_USER_ALREADY_LOGGED_IN 0x100UL
#define CKR_USER_NOT_LOGGED_IN 0x101UL
#define CKR_USER_PIN_NOT_INITIALIZED 0x102UL
