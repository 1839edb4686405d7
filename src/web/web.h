/* web: what people see. template.h renders pages and serves files; pages.h holds the pages' logic.
 */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "template.h"
#include "pages.h"

#endif
