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
		if ( is_multisite() && ! is_super_admin( $user->ID ) && ! is_user_member_of_blog( $user->ID ) ) {
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

		return ! is_multisite() || ! is_super_admin( $user_id ) || is_super_admin();
	}
}
