<?php
/**
 * Fault: a plugin with display_errors on, whose notice lands before the JSON.
 */

add_filter(
	'rest_pre_serve_request',
	static function ( $served ) {
		echo "\xEF\xBB\xBF<br />\n<b>Notice</b>:  Undefined variable: x in <b>/plugin.php</b> on line <b>1</b><br />\n";
		return $served;
	}
);
