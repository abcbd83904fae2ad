<?php
/**
 * The user that the server's requests act as.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Checks which users may be chosen as the mapped user, and whether the chosen user still exists.
 */
final class Sitebridge_Mapped_User {

	/**
	 * Capabilities that the server needs. The ping reports whether the mapped user has them.
	 */
	const CAPABILITIES = array( 'edit_posts', 'edit_others_posts', 'publish_posts', 'manage_categories', 'upload_files' );

	/**
	 * The mapped user.
	 *
	 * @param int $user_id The stored id.
	 * @return WP_User|null Null when the user was deleted, or left this site of the network.
	 */
	public static function find( $user_id ) {
		$user = get_userdata( $user_id );
		if ( ! $user instanceof WP_User ) {
			return null;
		}
		if ( is_multisite() && ! self::is_network_admin( $user->ID ) && ! is_user_member_of_blog( $user->ID ) ) {
			return null;
		}

		return $user;
	}

	/**
	 * Whether the current user may choose a user for requests to act as. An administrator of one site in a
	 * network must not gain a network administrator's rights this way.
	 *
	 * @param int $user_id The user to choose.
	 * @return bool
	 */
	public static function may_choose( $user_id ) {
		if ( get_current_user_id() === $user_id ) {
			return true;
		}
		if ( null === self::find( $user_id ) || ! user_can( $user_id, 'edit_posts' ) ) {
			return false;
		}

		return ! self::is_network_admin( $user_id ) || self::is_network_admin( get_current_user_id() );
	}

	/**
	 * Whether requests with a key may act as a user. The rights of a network administrator reach beyond this
	 * site, so only a key that a network administrator entered may use them.
	 *
	 * @param int $user_id The mapped user.
	 * @param int $key_by  The user who entered the key; 0 when that is not known.
	 * @return bool
	 */
	public static function may_act( $user_id, $key_by ) {
		return ! self::is_network_admin( $user_id ) || self::is_network_admin( $key_by );
	}

	/**
	 * Whether a user administers the whole network. The gate runs while WordPress determines the current
	 * user. So this must not ask for the current user, as is_super_admin() may do.
	 *
	 * @param int $user_id The user.
	 * @return bool Always false outside a network.
	 */
	private static function is_network_admin( $user_id ) {
		$user = is_multisite() && $user_id > 0 ? get_userdata( $user_id ) : false;

		return $user instanceof WP_User && in_array( $user->user_login, get_super_admins(), true );
	}
}
