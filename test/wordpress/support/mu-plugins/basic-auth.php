<?php
/**
 * Fault: a plugin takes the Authorization header for that of an account password, as JSON Basic Authentication
 * does. WordPress determines the user first when it does not know yet that the request is one of REST, so the
 * application password is refused.
 */

$sitebridge_basic_auth_error = null;

add_filter( 'determine_current_user', 'sitebridge_basic_auth', 20 );
add_filter(
	'rest_authentication_errors',
	static function ( $error ) {
		global $sitebridge_basic_auth_error;
		return empty( $error ) ? $sitebridge_basic_auth_error : $error;
	}
);

/**
 * The user of the Authorization header.
 *
 * @param int|false $user_id The user so far.
 * @return int|false|null
 */
function sitebridge_basic_auth( $user_id ) {
	global $sitebridge_basic_auth_error;
	if ( ! empty( $user_id ) || ! isset( $_SERVER['PHP_AUTH_USER'], $_SERVER['PHP_AUTH_PW'] ) ) {
		return $user_id;
	}
	$user = wp_authenticate( $_SERVER['PHP_AUTH_USER'], $_SERVER['PHP_AUTH_PW'] );
	if ( is_wp_error( $user ) ) {
		$sitebridge_basic_auth_error = $user;
		return null;
	}
	$sitebridge_basic_auth_error = true;
	return $user->ID;
}
